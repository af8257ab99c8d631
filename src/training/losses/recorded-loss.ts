import type { Safetensors } from "../../checkpoints/safetensors.ts";
import { tensorValues } from "../../checkpoints/stored-types.ts";
import type { Value } from "../../engine/graph.ts";
import { multiply } from "../../engine/ops/elementwise.ts";
import { sumColumns } from "../../engine/ops/sum.ts";
import { columnsOf, rowsOf } from "../../engine/shape.ts";
import { CheckpointError } from "../../errors.ts";
import { paddedPlaces, type RecordedBatch } from "../../models/recorded-batch.ts";
import type { LossContext, LossTerm } from "./loss-term.ts";
import { binaryLoss, labelLoss } from "./target-losses.ts";

/** The loss that the reference recorded for a checkpoint, and the run's inputs that make it so. */
export interface RecordedLoss {
  build(context: LossContext): LossTerm[];
  readonly inputs: { readonly [name: string]: Int32Array | Float32Array };
}

/** Which recorded labels belong to which output of a head, as the reference's own losses have it. */
const LABELS: { readonly [output: string]: string } = {
  logits: "labels",
  predictionLogits: "labels",
  seqRelationshipLogits: "next_sentence_label",
  sopLogits: "sentence_order_label",
};

/**
 * By the recorded inputs: with `loss_weights` the sum of the last hidden state times them, else the mean cross-entropy of
 * each output over its labelled rows; a single logit a token (replaced tokens) is a binary one.
 *
 * @throws CheckpointError when there are neither.
 */
export function recordedLoss(recorded: Safetensors, batch: RecordedBatch, fileName: string): RecordedLoss {
  if (recorded.has("loss_weights")) return weightedStates(recorded, batch);
  const labelled = Object.entries(LABELS).filter(([, label]) => recorded.has(`input.${label}`));
  if (labelled.length === 0) throw new CheckpointError(`"${fileName}" records neither loss_weights nor labels.`);
  const inputs: { [name: string]: Int32Array | Float32Array } = {};
  for (const [output, label] of labelled) Object.assign(inputs, labelInputs(output, recorded, label, batch));
  const build = ({ head }: LossContext) =>
    labelled.flatMap(([output]) => {
      const logits = head[output];
      if (logits === undefined) return [];
      return [isBinary(logits) ? binaryLoss(output, logits) : labelLoss(output, logits)];
    });
  return { build, inputs };
}

function isBinary(logits: Value): boolean {
  return columnsOf(logits) === 1 && rowsOf(logits) === "tokens";
}

/** Labels both ways, for either kind of loss, and the weights of a mean. */
function labelInputs(output: string, recorded: Safetensors, name: string, { places, rows }: RecordedBatch) {
  const stored = Int32Array.from(tensorValues(recorded.tensor(`input.${name}`)));
  const labels = stored.length === rows ? stored : Int32Array.from(places, (place) => stored[place]!);
  const count = labels.filter((label) => label >= 0).length;
  return {
    [`${output}Labels`]: labels,
    [`${output}Targets`]: Float32Array.from(labels),
    [`${output}Weights`]: Float32Array.from(labels, (label) => (label < 0 ? 0 : 1 / count)),
  };
}

function weightedStates(recorded: Safetensors, batch: RecordedBatch): RecordedLoss {
  const tensor = recorded.tensor("loss_weights");
  const columns = tensor.shape.at(-1) ?? 0;
  const stored = tensorValues(tensor);
  const factors = Float32Array.from(paddedPlaces(batch, "tokens", columns), (place) => stored[place]!);
  return {
    build({ graph, encoded }) {
      const input = graph.input("hiddenFactors", ["tokens", columns], "f32");
      return [{ name: "hidden", rows: sumColumns(multiply(encoded.hidden, input)) }];
    },
    inputs: { hiddenFactors: factors, hiddenWeights: new Float32Array(batch.places.length).fill(1) },
  };
}

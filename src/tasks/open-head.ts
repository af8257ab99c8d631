import type { Backend, Dtype } from "../backends/backend.ts";
import { ReferenceBackend } from "../backends/reference/reference.ts";
import type { Checkpoint } from "../checkpoints/repository.ts";
import type { StoredTensor } from "../checkpoints/stored-types.ts";
import { CheckpointError, ClozeError, ConfigError, InputError } from "../errors.ts";
import type { ConfiguredArchitecture, HeadName } from "../models/architecture.ts";
import { configure, loadModel, statedHeadOf } from "../models/load-model.ts";
import type { Model } from "../models/model.ts";
import type { Tail } from "../models/model-graph.ts";

/** A head, and what a task runs of it, such as "logits". */
export interface HeadUse {
  readonly head: HeadName;
  readonly outputs: readonly string[];
}

interface HeadNeeds {
  readonly task: string;
  readonly heads: readonly HeadUse[];
  readonly tail?: Tail | undefined;
}

/** BERT's next-sentence head alone, or beside the masked words; ALBERT's sentence order. */
export const NEXT_SENTENCE_HEADS: readonly HeadUse[] = [
  { head: "nsp", outputs: ["logits"] },
  { head: "pretraining", outputs: ["seqRelationshipLogits"] },
  { head: "pretraining", outputs: ["sopLogits"] },
];

const logits = (head: HeadName): HeadUse => ({ head, outputs: ["logits"] });
const NO_HEAD: HeadUse = { head: "base", outputs: [] };

/** Tasks and the heads that they run. */
const TASKS: readonly HeadNeeds[] = [
  { task: "Classifier", heads: [logits("sequence")] },
  { task: "Tagger", heads: [logits("token")] },
  { task: "Answerer", heads: [{ head: "qa", outputs: ["startLogits", "endLogits"] }] },
  { task: "MaskFiller", heads: [logits("mlm")] },
  { task: "SparseEmbedder", heads: [logits("mlm")] },
  { task: "MultipleChoice", heads: [logits("choice")] },
  { task: "NextSentence", heads: NEXT_SENTENCE_HEADS },
  { task: "ReplacedTokenDetector", heads: [logits("pretraining")] },
  { task: "Embedder", heads: [NO_HEAD] },
  { task: "Encoder", heads: [NO_HEAD] },
];

/**
 * Heads that keep their weights under the same names, so that one would open as another and mean nothing: of these only
 * the one that the config names opens.
 */
const ALIKE: ReadonlySet<HeadName> = new Set(["sequence", "token", "choice"]);

export interface OpenedHead extends HeadUse {
  readonly model: Model;
}

/**
 * Opens the first of the heads that a task can use. Nothing is uploaded yet.
 *
 * @throws InputError when the checkpoint is made for other tasks, which it names; CheckpointError, ConfigError when it is
 *   made for this one and is damaged.
 */
export function openHead(
  checkpoint: Checkpoint,
  name: string,
  needs: HeadNeeds,
  options: {
    readonly backend: Backend;
    readonly dtype: Dtype | undefined;
    onTensor(): void;
    /** Weights of the tail, from elsewhere. */
    readonly tensors?: ((name: string) => StoredTensor | undefined) | undefined;
  },
): OpenedHead {
  const { backend, dtype } = options;
  const tensors = (tensor: string) => {
    options.onTensor();
    return options.tensors?.(tensor);
  };
  const found = tryHeads(checkpoint, needs, (head) =>
    loadModel(checkpoint, { head, backend, tail: needs.tail, tensors, dtype }),
  );
  if ("model" in found) return found;
  const stated = statedHeadOf(configure(checkpoint));
  const others = TASKS.filter(({ task }) => task !== needs.task && opens(checkpoint, task)).map(({ task }) => task);
  const isMeant = stated !== undefined && stated !== "base" && needs.heads.some(({ head }) => head === stated);
  const isDamaged = isMeant && found.error instanceof CheckpointError;
  if (isDamaged || others.length === 0) throw found.error;
  throw new InputError(
    `"${name}" does not open as ${needs.task}: ${found.error.message} It opens as ${listed(others)}.`,
  );
}

function tryHeads(
  checkpoint: Checkpoint,
  { heads }: HeadNeeds,
  load: (head: HeadName) => { readonly model: Model },
): OpenedHead | { readonly error: ClozeError } {
  let first: ClozeError | undefined;
  for (const { head, outputs } of heads) {
    try {
      checkStated(configure(checkpoint), head);
      const { model } = load(head);
      const missing = outputs.find((output) => !model.outputs.includes(output));
      if (missing === undefined) return { model, head, outputs };
      model.close();
      throw new InputError(`the head "${head}" of ${model.architecture.name} has no "${missing}".`);
    } catch (error) {
      if (!(error instanceof ClozeError)) throw error;
      first ??= error;
    }
  }
  return { error: first as ClozeError };
}

/** @throws ConfigError when the config names another head whose weights would pass for this one's. */
function checkStated(architecture: ConfiguredArchitecture, head: HeadName): void {
  const stated = statedHeadOf(architecture);
  if (stated === undefined || stated === head || !ALIKE.has(stated) || !ALIKE.has(head)) return;
  throw new ConfigError(`its config.json says "${architecture.common.architectures[0]}".`);
}

function opens(checkpoint: Checkpoint, task: string): boolean {
  const backend = new ReferenceBackend();
  const needs = TASKS.find((known) => known.task === task) as HeadNeeds;
  const found = tryHeads(checkpoint, needs, (head) => loadModel(checkpoint, { head, backend }));
  if ("model" in found) found.model.close();
  return "model" in found;
}

function listed(names: readonly string[]): string {
  return names.length === 1 ? (names[0] as string) : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

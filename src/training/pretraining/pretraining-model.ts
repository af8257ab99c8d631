import type { Backend, StoredTensor, TensorSource } from "../../backends/backend.ts";
import { seedOf } from "../../backends/random.ts";
import { Graph } from "../../engine/graph.ts";
import { ConfigError } from "../../errors.ts";
import type { ConfiguredArchitecture, HeadName, HeadOutputs } from "../../models/architecture.ts";
import { freshWeights } from "../../models/fresh-weights.ts";
import { buildModelGraph } from "../../models/model-graph.ts";
import type { LossBuilder, LossTerm } from "../losses/loss-term.ts";
import { binaryLoss, labelLoss } from "../losses/target-losses.ts";
import { TrainableModel, type TrainableOptions } from "../trainable-model.ts";
import type { DevMetrics, Learned } from "../training-loop.ts";
import { generatorTail, sampleTokens } from "./generator.ts";
import { type BatchMaking, type MaskedBatch, maskBatch } from "./masked-batch.ts";
import type { PretrainingTask } from "./pretraining-tasks.ts";
import type { TaskBatch } from "./row-streams.ts";

/** What is trained, and how its batches are made. */
export interface PretrainingModelOptions {
  readonly architecture: ConfiguredArchitecture;
  /** Of replaced tokens. */
  readonly generator?: ConfiguredArchitecture | undefined;
  readonly tasks: readonly PretrainingTask[];
  readonly backend: Backend;
  /** Weights that there are already, by canonical names; others are fresh. */
  readonly known: (name: string) => StoredTensor | undefined;
  readonly state: readonly StoredTensor[] | undefined;
  readonly learning: Pick<
    TrainableOptions,
    "dropout" | "attentionDropout" | "recompute" | "dtype" | "optimizer" | "averageDecay"
  >;
  readonly making: BatchMaking;
  /** How much the loss of replaced tokens counts beside the generator's. */
  readonly replacedWeight: number;
}

/** Labelled rows of a step, by what they are labelled with. */
interface Counts {
  readonly masked: number;
  readonly pairs: number;
  readonly tokens: number;
}

/** The head that these tasks train. */
export function headOfTasks(tasks: readonly PretrainingTask[]): HeadName {
  return tasks.some(({ pairing, isReplaced }) => pairing !== undefined || isReplaced) ? "pretraining" : "mlm";
}

/** A model with the losses of its tasks; learns from batches of rows and measures others. */
export class PretrainingModel {
  readonly trainable: TrainableModel;
  /** Parameters that no checkpoint had. */
  readonly fresh: readonly string[];
  readonly #options: PretrainingModelOptions;
  readonly #isReplaced: boolean;
  readonly #hasMasking: boolean;
  readonly #hasPairs: boolean;

  /** @throws ConfigError when the architecture lacks the head that an objective needs. */
  constructor(options: PretrainingModelOptions) {
    const { architecture, generator, tasks, backend, known, making } = options;
    this.#options = options;
    this.#isReplaced = tasks.some(({ isReplaced }) => isReplaced);
    this.#hasMasking = tasks.some(({ masking }) => masking !== undefined);
    this.#hasPairs = tasks.some(({ pairing }) => pairing !== undefined);
    const losses: LossBuilder = ({ outputs }) => this.#losses(outputs);
    const shape = {
      architecture,
      head: headOfTasks(tasks),
      tail: generator === undefined ? undefined : generatorTail(generator),
    };
    const graph = new Graph();
    losses({ graph, ...buildModelGraph(graph, shape) });
    const fresh = freshWeights(graph, seedOf(making.seed, "weights"));
    const tensors: TensorSource = (name) => known(name) ?? fresh(name);
    this.trainable = new TrainableModel({
      ...shape,
      backend,
      tensors,
      state: options.state,
      losses,
      ...options.learning,
    });
    this.fresh = this.trainable.parameters.map(({ name }) => name).filter((name) => known(name) === undefined);
  }

  /** Forward and backward of the batches of a step. */
  async learn(batches: readonly TaskBatch[], step: number): Promise<Learned> {
    const prepared: MaskedBatch[] = [];
    for (const batch of batches) prepared.push(await this.#prepare(batch, step));
    const counts = countsOf(prepared);
    const sums: { [name: string]: number } = {};
    for (const [i, each] of prepared.entries()) {
      const dropoutSeed = seedOf(this.#options.making.seed, `dropout ${batches[i]!.firstRow}`);
      const losses = await this.trainable.accumulate(this.#inputs(each, counts, dropoutSeed));
      for (const [name, loss] of Object.entries(losses)) sums[name] = (sums[name] ?? 0) + loss;
    }
    const loss = Object.values(sums).reduce((all, each) => all + each, 0);
    return { loss, parts: this.#partsOf(sums, counts), tokens: counts.tokens };
  }

  /** Loss and accuracies of batches that nothing is learned from; nothing is dropped. */
  async measure(batches: AsyncIterable<TaskBatch>): Promise<DevMetrics> {
    const total = { masked: 0, pairs: 0, tokens: 0 };
    const losses: { [name: string]: number } = {};
    const right = { masked: 0, pairs: 0, tokens: 0 };
    for await (const batch of batches) {
      const each = await this.#prepare(batch, undefined);
      const counts = countsOf([each]);
      const measured = await this.trainable.measure(this.#inputs(each, counts, 0), this.#outputsOf());
      for (const kind of KINDS) total[kind] += counts[kind];
      for (const [name, loss] of Object.entries(measured.losses)) {
        const count = counts[KIND_OF[name]!];
        losses[name] = (losses[name] ?? 0) + loss * count;
      }
      this.#judge(each, measured.outputs, right);
    }
    const means = Object.entries(losses).map(
      ([name, sum]) => [name, sum / Math.max(1, total[KIND_OF[name]!])] as const,
    );
    const shares = KINDS.filter((kind) => total[kind] > 0 && this.#isJudged(kind));
    return {
      validationLoss: means.reduce((sum, [, mean]) => sum + mean, 0),
      ...Object.fromEntries(shares.map((kind) => [ACCURACY[kind], right[kind] / total[kind]])),
    };
  }

  #losses(outputs: HeadOutputs): LossTerm[] {
    const { logits, predictionLogits, seqRelationshipLogits, sopLogits, generatorLogits } = outputs;
    const words = this.#isReplaced ? generatorLogits : (predictionLogits ?? logits);
    const follows = seqRelationshipLogits ?? sopLogits;
    const terms: LossTerm[] = [];
    if (this.#hasMasking) terms.push(labelLoss("masked", this.#need(words, "predicts masked words")));
    if (this.#hasPairs) terms.push(labelLoss("pair", this.#need(follows, "tells whether segments follow")));
    if (this.#isReplaced) terms.push(binaryLoss("replaced", this.#need(logits, "tells replaced tokens")));
    return terms;
  }

  #need<T>(output: T | undefined, what: string): T {
    if (output !== undefined) return output;
    throw new ConfigError(`${this.#options.architecture.name} has no head that ${what}. Choose another objective.`);
  }

  /** Masks; where tokens are replaced, the generator fills the masks. */
  async #prepare(batch: TaskBatch, step: number | undefined): Promise<MaskedBatch> {
    const { making } = this.#options;
    const masked = maskBatch(batch, step, making);
    if (!this.#isReplaced) return masked;
    const count = masked.positions.length;
    const generatorIds = masked.batch.ids;
    const withRows = { ...masked.batch, rows: rowsOf(masked), extra: { generatorIds } };
    const weights = step === undefined ? "averaged" : "learning";
    const { generatorLogits } = await this.trainable.run(withRows, ["generatorLogits"], { weights });
    const sampled = sampleTokens(generatorLogits!, count, seedOf(making.seed, `replace ${batch.firstRow}`));
    const ids = Int32Array.from(masked.original);
    for (const [i, place] of masked.positions.entries()) ids[place] = sampled[i]!;
    return { ...masked, batch: { ...masked.batch, ids, extra: { generatorIds } } };
  }

  /** Labels and weights; each kind of row counts for a mean over the step. */
  #inputs(masked: MaskedBatch, counts: Counts, dropoutSeed: number) {
    const { batch, targets, original, pairLabels } = masked;
    const rows = rowsOf(masked);
    const isPair = pairLabels.some((label) => label >= 0);
    const replaced = Float32Array.from(batch.ids, (id, place) => (id === original[place] ? 0 : 1));
    const extra = {
      ...batch.extra,
      seed: Int32Array.of(dropoutSeed),
      maskedLabels: targets.length === 0 ? Int32Array.of(-1) : targets,
      maskedWeights: new Float32Array(rows.length).fill(1 / Math.max(1, counts.masked)),
      pairLabels,
      pairWeights: new Float32Array(pairLabels.length).fill(isPair ? 1 / Math.max(1, counts.pairs) : 0),
      replacedTargets: replaced,
      replacedWeights: new Float32Array(replaced.length).fill(this.#options.replacedWeight / counts.tokens),
    };
    return { ...batch, rows, extra };
  }

  #partsOf(sums: { readonly [name: string]: number }, counts: Counts): { [name: string]: number } | undefined {
    const there = Object.entries(sums).filter(([name]) => counts[KIND_OF[name]!] > 0);
    if (Object.keys(sums).length < 2) return undefined;
    const { replacedWeight } = this.#options;
    return Object.fromEntries(there.map(([name, sum]) => [name, name === "replaced" ? sum / replacedWeight : sum]));
  }

  #outputsOf(): string[] {
    const { outputs } = this.#names();
    return Object.values(outputs).filter((name) => name !== undefined);
  }

  /** Which output tells each kind of row. */
  #names(): { readonly outputs: { readonly [K in Kind]: string | undefined } } {
    const { architecture, tasks } = this.#options;
    const isPretraining = headOfTasks(tasks) === "pretraining";
    const pair = architecture.name === "albert" ? "sopLogits" : "seqRelationshipLogits";
    const masked = this.#isReplaced ? "generatorLogits" : isPretraining ? "predictionLogits" : "logits";
    return {
      outputs: {
        masked: this.#hasMasking ? masked : undefined,
        pairs: this.#hasPairs ? pair : undefined,
        tokens: this.#isReplaced ? "logits" : undefined,
      },
    };
  }

  #isJudged(kind: Kind): boolean {
    return this.#names().outputs[kind] !== undefined;
  }

  /** Counts what was guessed right. */
  #judge(
    { targets, pairLabels, batch, original }: MaskedBatch,
    outputs: { readonly [name: string]: Float32Array },
    right: { [K in Kind]: number },
  ): void {
    const names = this.#names().outputs;
    const { masked, pairs, tokens } = names;
    if (masked !== undefined) right.masked += countRight(outputs[masked]!, targets);
    if (pairs !== undefined) right.pairs += countRight(outputs[pairs]!, pairLabels);
    if (tokens === undefined) return;
    const logits = outputs[tokens]!;
    for (const [i, id] of batch.ids.entries()) if (logits[i]! > 0 === (id !== original[i])) right.tokens++;
  }
}

type Kind = keyof Counts;
const KINDS: readonly Kind[] = ["masked", "pairs", "tokens"];
const KIND_OF: { readonly [loss: string]: Kind } = { masked: "masked", pair: "pairs", replaced: "tokens" };
const ACCURACY = { masked: "maskedAccuracy", pairs: "pairAccuracy", tokens: "replacedAccuracy" } as const;

/** A program needs a row to look at, also where nothing is masked; its label then is none. */
function rowsOf({ positions }: MaskedBatch): Int32Array {
  return positions.length === 0 ? Int32Array.of(0) : positions;
}

function countsOf(batches: readonly MaskedBatch[]): Counts {
  const sum = (count: (batch: MaskedBatch) => number) => batches.reduce((all, batch) => all + count(batch), 0);
  return {
    masked: sum(({ targets }) => targets.length),
    pairs: sum(({ pairLabels }) => pairLabels.filter((label) => label >= 0).length),
    tokens: sum(({ original }) => original.length),
  };
}

/** Rows of logits [R, C] whose largest is the label's; rows without a label do not count. */
function countRight(logits: Float32Array, labels: Int32Array): number {
  const columns = logits.length / Math.max(1, labels.length);
  let right = 0;
  for (const [row, label] of labels.entries()) {
    if (label < 0) continue;
    let best = 0;
    for (let i = 1; i < columns; i++) if (logits[row * columns + i]! > logits[row * columns + best]!) best = i;
    if (best === label) right++;
  }
  return right;
}

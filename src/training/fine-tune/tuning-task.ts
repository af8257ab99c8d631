import type { RunOutputs } from "../../backends/backend.ts";
import type { JsonObject } from "../../checkpoints/json-files.ts";
import type { StoredTensor } from "../../checkpoints/stored-types.ts";
import type { DataRow } from "../../datasets/data-row.ts";
import type { Value } from "../../engine/graph.ts";
import type { HeadName } from "../../models/architecture.ts";
import type { Tail } from "../../models/model-graph.ts";
import type { PackedBatch } from "../../models/packed-batch.ts";
import type { TextIds } from "../../tasks/run-encodings.ts";
import type { Judgement } from "../evaluate/judge.ts";
import type { LossBuilder, LossTerm } from "../losses/loss-term.ts";

/** A row as the model reads it. */
export interface Example {
  /** One, or the texts of a pair, or one a choice. */
  readonly texts: readonly TextIds[];
  /** Tokens of all of them. */
  readonly length: number;
  /** What the row counts in the mean of the loss. */
  readonly weight: number;
  /** Whether some of it was cut. */
  readonly truncated: boolean;
}

/** Inputs of a loss: labels and weights, by name. */
export interface Targets {
  readonly [name: string]: Int32Array | Float32Array;
}

/** A loss over all of a step's embeddings. */
export interface CachedLoss {
  /** The embeddings, an output of the model with a row a text. */
  readonly output: string;
  /** Rows that are run at a time. */
  readonly rows: number;
  losses(embeddings: Value): readonly LossTerm[];
}

/** What is fitted on a dev set after a model has learned; `Classifier` reads it from `config.json`. */
export interface ScoreFit {
  /** Of one label a row: what logits are divided by. */
  readonly temperature?: number;
  /** Of several labels a row: the probability from which each counts. */
  readonly thresholds?: readonly number[];
}

/** What makes a task of rows: how they are read, what is minimized, how the result is judged. */
export interface TuningTask<E extends Example = Example, Result = unknown> {
  readonly head: HeadName;
  readonly tail?: Tail | undefined;
  /** Weights of the tail as they are before training. */
  tailTensor?(name: string): StoredTensor | undefined;
  readonly losses: LossBuilder;
  /** What judging reads. */
  readonly outputs: readonly string[];
  /** Keys of the result's `config.json`: labels, problem type. */
  readonly config: JsonObject;
  /** The metric of the dev set that chooses the best model; higher is better. */
  readonly main: string;
  /** Whether a step may be run in parts: no row's loss depends on the others. */
  readonly isSeparable: boolean;
  /** Brings the rows of a split together that are one example. Default: each row is one. */
  arrange?(rows: readonly DataRow[]): readonly DataRow[];
  /** @throws InputError naming the row, for a label that training does not have. */
  example(row: DataRow): E;
  /**
   * The loss's inputs for some of a step's examples, `rows` where the program gathers, `groups` where it counts them.
   *
   * @param total the weights of all the step's examples together
   */
  targets(examples: readonly E[], total: number): { readonly extra: Targets } & Pick<PackedBatch, "rows" | "groups">;
  /** Inputs that the model itself wants of every batch. */
  inputs?(batch: PackedBatch): Targets;
  /** Where a step is run in parts although rows' losses depend on the others: see `cached-step.ts`. */
  readonly cached?: CachedLoss;
  /**
   * Where the loss is found outside the program, from `outputs`: the loss of some of a step's examples, and inputs that stand
   * in for the targets. What `losses` multiplies the outputs with is their gradient.
   *
   * @param total the weights of all the step's examples together
   */
  learnOutside?(
    outputs: RunOutputs,
    examples: readonly E[],
    batch: PackedBatch,
    total: number,
  ): { readonly loss: number; readonly extra: Targets };
  /** Keys of `config.json` that the trained weights of the tail become. */
  tailConfig?(trained: readonly StoredTensor[]): JsonObject;
  /** One result an example. */
  results(outputs: RunOutputs, examples: readonly E[], batch: PackedBatch): Result[];
  /** Of classes: what makes the scores of these results the best. */
  fitScores?(examples: readonly E[], results: readonly Result[]): ScoreFit;
  judge(examples: readonly E[], results: readonly Result[], rows: readonly DataRow[], fit?: ScoreFit): Judgement;
}

/** The rows of a matrix, as arrays. */
export function matrixRows(numbers: Float32Array, count: number): number[][] {
  const columns = numbers.length / count;
  return Array.from({ length: count }, (_, i) => Array.from(numbers.subarray(i * columns, (i + 1) * columns)));
}

/** One score a text, parted into those of each example. */
export function groupedScores(scores: Float32Array, examples: readonly Example[]): number[][] {
  let next = 0;
  return examples.map(({ texts }) => {
    next += texts.length;
    return Array.from(scores.subarray(next - texts.length, next));
  });
}

/** Rows of zeros, with a 1 in the column of each. */
export function oneHot(columns: readonly number[], size: number): Float32Array {
  const numbers = new Float32Array(columns.length * size);
  for (const [row, column] of columns.entries()) numbers[row * size + column] = 1;
  return numbers;
}

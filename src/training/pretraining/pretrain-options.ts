import type { JsonObject } from "../../checkpoints/json-files.ts";
import type { DatasetOptions } from "../../datasets/dataset.ts";
import { type OptimizerOptions, optimizerNumbers } from "../optimizers.ts";
import type { StepOptions, TrainingRunOptions } from "../run-options.ts";
import type { LoopResult } from "../training-loop.ts";
import type { Packing } from "./corpus.ts";

/** What is pre-trained, on what, and how. */
export interface PretrainOptions
  extends StepOptions,
    TrainingRunOptions,
    OptimizerOptions,
    Pick<DatasetOptions, "columns" | "format" | "skipBadRows"> {
  /** Go on from a model: its folder, or its id on the hub. Or else give `architecture`. */
  readonly model?: string | undefined;
  /** Begin from scratch: "bert", "roberta", "albert", "ernie", "electra", "modernbert", ... */
  readonly architecture?: string | undefined;
  readonly layers?: number | undefined;
  readonly hiddenSize?: number | undefined;
  readonly heads?: number | undefined;
  /** Default: 4 times the hidden size. */
  readonly feedForwardSize?: number | undefined;
  /** Further keys of config.json, or a file that has them; they stand above the shape. */
  readonly config?: JsonObject | string | undefined;
  /**
   * A folder with a tokenizer. Default: the model's. Where its words are not the model's, rows of the words that both have
   * are copied and others begin as the mean of their old pieces; `onNote` tells how many.
   */
  readonly tokenizer?: string | undefined;
  /** Data files: lines of text, JSON Lines, CSV, TSV, Parquet; gzip or not. */
  readonly corpus: readonly string[];
  /**
   * How often a row is drawn from each file of the corpus, whatever their sizes; pairs of segments are drawn from all files
   * alike. Default: all texts are one corpus.
   */
  readonly corpusWeights?: readonly number[] | undefined;
  /** Files to measure on. Default: none, and the last model is the one that is kept. */
  readonly dev?: readonly string[] | undefined;
  /** Rows of the dev files that are measured. Default: 512. */
  readonly devRows?: number | undefined;
  /**
   * "mlm", "whole-word", "span", "knowledge", "next-sentence", "sentence-order", "replaced-tokens"; joined by "+" in one
   * step, else in turn, "=" before a weight. Default: mlm.
   */
  readonly objective?: readonly string[] | undefined;
  /** Share of tokens to guess. Default: 0.15. */
  readonly maskRate?: number | undefined;
  /** A file of names, one a line, for the last stage of "knowledge". Default: phrases stand in for them. */
  readonly entities?: string | undefined;
  /** Of "replaced-tokens": the generator's width, as a share of the model's. Default: 0.25. */
  readonly generatorSize?: number | undefined;
  /** Of "replaced-tokens": how much the discriminator's loss counts. Default: 50. */
  readonly replacedWeight?: number | undefined;
  /**
   * Tokens of a row. Default: 128, or what the model reads if that is less. A model to go on from that reads fewer is made
   * to read so many: learned positions are repeated.
   */
  readonly length?: number | undefined;
  /** Default: documents. */
  readonly packing?: Packing | undefined;
  /** Rows of a batch. Default: 32. */
  readonly batchSize?: number | undefined;
  /** Tokens of a batch; stands in for `batchSize`. */
  readonly batchTokens?: number | undefined;
  /** Batches of a step. Default: 1. */
  readonly accumulation?: number | undefined;
  readonly steps: number;
  /** The highest rate. Default: 5e-4 from scratch, 5e-5 from a model. */
  readonly learningRate?: number | undefined;
  /** Steps of warm-up; below 1 a share of all. Default: 0.06. */
  readonly warmup?: number | undefined;
  /** Share of numbers that are dropped. Default: 0. */
  readonly dropout?: number | undefined;
  /** Share of attention's probabilities that are dropped. Default: as `dropout`. */
  readonly attentionDropout?: number | undefined;
  /** Default: 0. */
  readonly seed?: number | undefined;
  /** Steps between two measurements on the dev files. Default: a tenth of all. */
  readonly evaluateEvery?: number | undefined;
  /** Steps between two checkpoints. Default: as `evaluateEvery`. */
  readonly checkpointEvery?: number | undefined;
  /** Steps between two lines of loss. Default: 10. */
  readonly logEvery?: number | undefined;
  /** Checkpoints that stay on disk. Default: 2. */
  readonly keepCheckpoints?: number | undefined;
  /** Steps in a row that may be skipped because they are not finite. Default: 10. */
  readonly skipLimit?: number | undefined;
}

/** How a run ended. */
export interface PretrainResult extends LoopResult {
  readonly output: string;
  /** The folder of the best model. Undefined when the run was interrupted before there was one. */
  readonly model: string | undefined;
}

/** Everything that decides what a run computes, with its defaults. */
export function filledOptions(options: PretrainOptions) {
  const { steps, evaluateEvery = Math.max(1, Math.floor(steps / 10)), optimizer = "adamw" } = options;
  return {
    model: options.model ?? null,
    architecture: options.architecture ?? null,
    layers: options.layers ?? null,
    hiddenSize: options.hiddenSize ?? null,
    heads: options.heads ?? null,
    feedForwardSize: options.feedForwardSize ?? null,
    corpusWeights: options.corpusWeights ?? null,
    devRows: options.devRows ?? 512,
    objective: options.objective ?? ["mlm"],
    maskRate: options.maskRate ?? 0.15,
    generatorSize: options.generatorSize ?? 0.25,
    replacedWeight: options.replacedWeight ?? 50,
    packing: options.packing ?? "documents",
    batchSize: options.batchSize ?? 32,
    batchTokens: options.batchTokens ?? null,
    accumulation: options.accumulation ?? 1,
    steps,
    learningRate: options.learningRate ?? (options.model === undefined ? 5e-4 : 5e-5),
    schedule: options.schedule ?? "linear",
    warmup: options.warmup ?? 0.06,
    clip: options.clip ?? 1,
    dropout: options.dropout ?? 0,
    attentionDropout: options.attentionDropout ?? options.dropout ?? 0,
    seed: options.seed ?? 0,
    dtype: options.dtype ?? "f32",
    optimizer,
    ...optimizerNumbers(optimizer, options),
    weightDecay: options.weightDecay ?? 0.01,
    averageDecay: options.averageDecay ?? null,
    evaluateEvery,
    checkpointEvery: options.checkpointEvery ?? evaluateEvery,
    logEvery: options.logEvery ?? 10,
    skipLimit: options.skipLimit ?? 10,
    columns: options.columns ?? null,
    format: options.format ?? null,
    skipBadRows: options.skipBadRows ?? false,
  };
}

/** Options with their defaults. */
export type FilledOptions = ReturnType<typeof filledOptions>;

import type { DatasetOptions } from "../../datasets/dataset.ts";
import type { TrainingTask } from "../evaluate/evaluate-options.ts";
import type { StepOptions, TrainingRunOptions } from "../run-options.ts";

/** Losses of embeddings. */
export const EMBEDDING_LOSSES = [
  "ranking",
  "cosent",
  "angle",
  "triplet",
  "contrastive",
  "cosine",
  "margin-mse",
  "divergence",
] as const;
/** The name of a loss of embeddings. */
export type EmbeddingLoss = (typeof EMBEDDING_LOSSES)[number];

/** Losses of cross-encoders. */
export const RANKING_LOSSES = ["binary", "listwise"] as const;
/** The name of a loss of cross-encoders. */
export type RankingLoss = (typeof RANKING_LOSSES)[number];

/** What a row of each class counts: by the inverse of its share, or as stated, 1 where nothing is. */
export type ClassWeights = "balanced" | { readonly [label: string]: number };

/** What decides the weights that a run ends with; kept in its `config.json`. */
export interface FineTuneRecipe extends StepOptions {
  /** What to tune the model for. Default: as the data say. */
  readonly task?: TrainingTask | undefined;
  /** Times that the rows are read. Default: 3. */
  readonly epochs?: number | undefined;
  /** The highest. Default: 5e-5. */
  readonly learningRate?: number | undefined;
  /** Rows of a step. Default: 32. */
  readonly batchSize?: number | undefined;
  /** Of the order of rows, fresh weights and dropout. Default: 0. */
  readonly seed?: number | undefined;
  /** Steps of warm-up; below 1 a share of all. Default: 0.1. */
  readonly warmup?: number | undefined;
  /** Default: 0.01. */
  readonly weightDecay?: number | undefined;
  /** Share of numbers dropped. Default: as the model's config says, else 0.1. */
  readonly dropout?: number | undefined;
  /** Share of attention's probabilities dropped. Default: as the model's config says, else as `dropout`. */
  readonly attentionDropout?: number | undefined;
  /** Tokens to read of a text. Default: as the model says; of questions with their contexts at most 384. */
  readonly maxLength?: number | undefined;
  /** Which model the run ends with: the best by the dev metric, or that of the last step. Default: "best". */
  readonly keep?: "best" | "last" | undefined;
  /** Steps between two measurements of the dev set. Default: those of an epoch. */
  readonly evaluateEvery?: number | undefined;
  /** Stop after so many measurements without a better one. Default: never. */
  readonly patience?: number | undefined;
  /** Train the fresh or task-specific weights alone. Default: false. */
  readonly headOnly?: boolean | undefined;
  /** Leave the embeddings and so many of the first layers as they are. Default: 0, all are trained. */
  readonly freezeLayers?: number | undefined;
  /** Learning rate of a layer as a share of the layer's above it. Default: 1. */
  readonly layerDecay?: number | undefined;
  /**
   * Of classes, from a few examples each: embeddings are tuned by contrast of like and unlike texts, then a linear head is
   * fitted on them. Epochs, rate and batch size are of the pairs: 1, 2e-5 and 16 by default. Default: false.
   */
  readonly fewShot?: boolean | undefined;
  /**
   * LoRA: the encoder stays as it is, and matrices of this rank beside its linears learn, with the head. `model/` has them
   * merged, `adapter/` keeps them apart as PEFT does. Default: none.
   */
  readonly lora?: number | undefined;
  /** What their product is multiplied by, times the rank. Default: twice the rank. */
  readonly loraAlpha?: number | undefined;
  /** Which linears, by the ends of their names, or "all". Default: those of queries and values. */
  readonly loraTargets?: readonly string[] | undefined;
  /** Share of numbers dropped of what they read. Default: 0. */
  readonly loraDropout?: number | undefined;
  /** Of classes: share of the target spread over all. Default: 0. */
  readonly labelSmoothing?: number | undefined;
  /** Of one class a row: the focal loss's power of 1 - p, a whole number; 2 is usual. Default: 0, plain cross-entropy. */
  readonly focalGamma?: number | undefined;
  /** Of one class a row: "balanced" weighs each by the inverse of its share; or a number by label, else 1. Default: none. */
  readonly classWeights?: ClassWeights | undefined;
  /**
   * Of classes, with a dev set: fit on it the temperature of the softmax (one label a row) or each label's threshold
   * (several), which `config.json` then states and `Classifier` and `evaluate` obey. The dev metrics are those with them.
   * Default: false.
   */
  readonly fitScores?: boolean | undefined;
  /** Of tags: which tokens of a word learn its tag. Default: "first". */
  readonly wordTokens?: "first" | "all" | undefined;
  /**
   * Of tags: put a linear-chain conditional random field on the tags of words, so that whole sequences are learned and found.
   * Learns by `wordTokens: "first"`. Default: false.
   */
  readonly crf?: boolean | undefined;
  /** Of answers: tokens of the context that neighbouring windows share. Default: 128, at most half of those that fit. */
  readonly stride?: number | undefined;
  /**
   * Of embeddings. `ranking`: the pair must be nearer than the other rows' (multiple negatives); `cosent`: likenesses in
   * the order of scores, `angle` the same by AnglE's likeness; `cosine`: likeness equals score; `triplet`; `contrastive`:
   * labels 0 and 1; `margin-mse` and `divergence`: margins, or their distribution, as a teacher's. Default: "ranking" of
   * pairs and triplets, "cosent" of scores, "contrastive" of labels, "margin-mse" where a teacher scores. Of cross-encoders
   * `binary`: whether each passage answers; `listwise`: which of a query's passages does. Default: "binary".
   */
  readonly loss?: EmbeddingLoss | RankingLoss | undefined;
  /** Of embeddings: run so many rows at a time, so that large batches fit into memory; gradients stay those of the whole. Default: all at once. */
  readonly miniBatchSize?: number | undefined;
  /** Of embeddings: a cross-encoder or embedder that scores each row's texts, for `margin-mse` and `divergence`. Default: none. */
  readonly teacher?: string | undefined;
  /** Of rank: the embedder that mines negatives, and finds the candidates of a BEIR folder as `dev`. Default: the default model. */
  readonly retriever?: string | undefined;
  /** How many candidates a query these are. Default: 100. */
  readonly candidates?: number | undefined;
  /** Of pairs: mine so many hard negatives for each, of embeddings with the model itself. Default: 0. */
  readonly mineNegatives?: number | undefined;
  /** Of mining: the likest texts to pass over, which may answer although nobody said so. Default: 0. */
  readonly mineSkip?: number | undefined;
  /** Of mining: places of the ranking to take from. Default: 100. */
  readonly mineWithin?: number | undefined;
  /** Of mining: how much less alike than the row's own text a negative must be. Default: 0, it may be more alike. */
  readonly mineMargin?: number | undefined;
  /** Of mining: the same as a share of the own text's likeness. Default: 0. */
  readonly mineRelativeMargin?: number | undefined;
  /** Of mining: the likest, or any of those that may be taken. Default: "top". */
  readonly mineSampling?: "top" | "random" | undefined;
  /** Of `ranking`: learn in both directions. Default: false. */
  readonly symmetric?: boolean | undefined;
  /** Of `ranking`, `cosent`, `angle`, `margin-mse`, `divergence`: what likenesses are multiplied by. Default: 20. */
  readonly scale?: number | undefined;
  /** Of `triplet` and `contrastive`: the distance (1 - cosine) to keep. Default: 0.5. */
  readonly margin?: number | undefined;
  /** Of embeddings: also learn with their first numbers alone (Matryoshka), as [256, 128]. Default: none. */
  readonly dimensions?: readonly number[] | undefined;
}

/** What `fineTune` reads and writes, and how. */
export interface FineTuneOptions extends FineTuneRecipe, TrainingRunOptions, DatasetOptions {
  /** A model's folder, or its id on the hub. */
  readonly model: string;
  /** Labelled rows to learn from, or a BEIR folder. */
  readonly train: string;
  /** Labelled rows to choose the best model by, or a BEIR folder. Default: none, the last model is kept. */
  readonly dev?: string | undefined;
  /** Of a BEIR folder as `train`: which judgements. Default: "train". */
  readonly trainSplit?: string | undefined;
  /** Of a BEIR folder as `dev`: which judgements. Default: "dev". */
  readonly devSplit?: string | undefined;
  /** Steps between two checkpoints. Default: as `evaluateEvery`, at most 500. */
  readonly checkpointEvery?: number | undefined;
}

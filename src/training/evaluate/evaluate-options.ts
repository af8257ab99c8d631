import type { DatasetOptions } from "../../datasets/dataset.ts";
import type { TagScheme } from "../../evaluation/tag-schemes.ts";
import type { LoadOptions } from "../../tasks/load-options.ts";

/** What a model is tuned for, or judged by. */
export const TRAINING_TASKS = ["classify", "tag", "answer", "choice", "embed", "rank"] as const;
/** The name of a task of `fineTune` and `evaluate`. */
export type TrainingTask = (typeof TRAINING_TASKS)[number];

/** What `evaluate` reads, and how it judges. */
export interface EvaluateOptions extends DatasetOptions, LoadOptions {
  /** A model's folder, or its id on the hub. */
  readonly model: string;
  /** A file of labelled rows, or a BEIR folder. */
  readonly data: string;
  /** Default: what data and model are for. */
  readonly task?: TrainingTask | undefined;
  /** Of a BEIR folder: which judgements. Default: "test". */
  readonly split?: string | undefined;
  /** Of multi-label classification: the probability from which a label counts. Default: as the model states, else 0.5. */
  readonly threshold?: number | undefined;
  /** Of tags: count only what this scheme allows, as seqeval's strict mode. Default: none, as its default mode. */
  readonly scheme?: TagScheme | undefined;
  /** Of rankings: places that count, one or several. Default: 10. */
  readonly top?: readonly number[] | undefined;
  /** Of cross-encoders on a BEIR folder: the embedder whose best documents are ranked. Default: the default model. */
  readonly retriever?: string | undefined;
  /** How many documents a query these are. Default: 100. */
  readonly candidates?: number | undefined;
  /** Most tokens of an answer. Default: 30, as in SQuAD's recipes. */
  readonly maxAnswerTokens?: number | undefined;
  /** Resamples for the confidence intervals; 0 for none. Default: 200, which takes half a second for each 1,000 rows. */
  readonly resamples?: number | undefined;
  /** Of the resamples. Default: 0. */
  readonly seed?: number | undefined;
}

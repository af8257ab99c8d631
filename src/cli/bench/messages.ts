import type { BackendInfo, BackendName, Dtype } from "../../backends/backend.ts";

/** One way to run a model, that is measured. */
export interface Configuration {
  readonly backend: BackendName | undefined;
  readonly dtype: Dtype | undefined;
  readonly threads: number | undefined;
  readonly batchTokens: number | undefined;
}

/** What a process is started for. */
export interface Assignment extends Configuration {
  /** A folder. */
  readonly model: string;
  readonly maxLength: number | undefined;
}

/** What is asked of a process: all texts once, or the short text `calls` times over. */
export type MeasureRequest = { readonly texts: readonly string[] } | { readonly calls: number };

/** What a process says when it has its first vector. */
export interface ReadyReply {
  readonly kind: "ready";
  readonly backend: BackendInfo;
  /** To open the model, and from the beginning of that to the first vector. */
  readonly loadMilliseconds: number;
  readonly firstMilliseconds: number;
}

export interface MeasuredReply {
  readonly kind: "measured";
  /** Of the whole, and of each call of the short text. */
  readonly milliseconds: number;
  readonly calls: readonly number[];
  /** That the model read. */
  readonly tokens: number;
  /** What the arithmetic would take at the multipliers' peak; undefined where that is not known. */
  readonly atPeakMilliseconds: number | undefined;
  /** Of the process so far. */
  readonly peakBytes: number;
}

/** An error on its way to the process that asked. */
export interface FailedReply {
  readonly kind: "failed";
  /** Of a `ClozeError`, by its class; any other error is a fault of Cloze. */
  readonly name: string;
  readonly message: string;
}

export type MeasureReply = ReadyReply | MeasuredReply | FailedReply;

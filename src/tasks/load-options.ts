import type { Backend, BackendName, Dtype } from "../backends/backend.ts";
import type { Profile } from "../backends/profile/profile.ts";
import type { OnProgress } from "./progress.ts";

/** How a model is opened, whatever the task. */
export interface LoadOptions {
  /**
   * Which backend computes, by name, or one that is already open and may be shared by several models. Default: the
   * best there is, unless the environment variable `CLOZE_BACKEND` names one.
   */
  readonly backend?: BackendName | Backend | undefined;
  /** Threads to compute with. Default: the physical cores that this process may use. */
  readonly threads?: number | undefined;
  /**
   * What the weights of matmuls and the tables of embeddings are kept in: "bf16" takes half the memory and "int8" a
   * quarter; both are faster where the processor multiplies such numbers. Default: "f32".
   */
  readonly dtype?: Dtype | undefined;
  /** Tokens that a text may have, special ones included. Default: as the checkpoint says; its positions are the most. */
  readonly maxLength?: number | undefined;
  /** Collects what each step of every run takes: where the time goes. Default: nothing is timed. */
  readonly profile?: Profile | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** How a call is carried out, whatever the task. */
export interface CallOptions {
  /** Most tokens of one run; a longer input runs alone. Default: 256 for each thread, at least 512. */
  readonly batchTokens?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after every run. */
  readonly onProgress?: OnProgress | undefined;
}

import type { Backend, BackendName } from "../backends/backend.ts";
import type { Precision } from "../backends/op-table.ts";
import type { OnProgress } from "../tasks/progress.ts";
import type { OptimizerName } from "./optimizers.ts";
import type { MetricLine } from "./runs/metric-log.ts";
import type { ScheduleName } from "./schedules.ts";

/** How steps are made, in every kind of training. */
export interface StepOptions {
  /** Default: "linear". */
  readonly schedule?: ScheduleName | undefined;
  /** What products multiply: "bf16" rounds both sides to it; sums and weights stay f32. Default: "f32". */
  readonly dtype?: Precision | undefined;
  /** Default: "adamw". */
  readonly optimizer?: OptimizerName | undefined;
  /** Measure and keep the moving average of the weights, of which this share stays at each step. Default: none. */
  readonly averageDecay?: number | undefined;
  /** The most that the norm of all gradients may be; 0 for no limit. Default: 1. */
  readonly clip?: number | undefined;
}

/** Where a run writes, what computes it, and who hears of it. */
export interface TrainingRunOptions {
  /** The run's folder. */
  readonly output: string;
  /** Go on with the run in that folder. Default: false. */
  readonly resume?: boolean | undefined;
  /** Default: the fastest that works here. */
  readonly backend?: BackendName | Backend | undefined;
  /** Threads to compute with. Default: the physical cores that this process may use. */
  readonly threads?: number | undefined;
  /** Keep less for the gradients and compute it again: a quarter more work, less memory, the same bits. Default: false. */
  readonly recompute?: boolean | undefined;
  /** Aborted: the step is finished, a checkpoint is written, and the call returns. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Every line of `metrics.jsonl` as it is written. */
  readonly onMetrics?: ((line: MetricLine) => void) | undefined;
  /** What deserves to be known: fresh weights, phrases found, checkpoints that were torn; a sentence each. */
  readonly onNote?: ((note: string) => void) | undefined;
}

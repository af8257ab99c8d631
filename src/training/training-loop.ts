import { type StoredTensor, tensorValues } from "../checkpoints/stored-types.ts";
import { InputError } from "../errors.ts";
import type { OnProgress } from "../tasks/progress.ts";
import { TimeSlice } from "../tasks/time-slice.ts";
import type { Cursor, Position, Sequence } from "./batches/sequence.ts";
import type { OptimizerOptions, UpdateSettings } from "./optimizers.ts";
import type { MetricLine } from "./runs/metric-log.ts";
import type { RunFolder } from "./runs/run-folder.ts";
import type { Schedule } from "./schedules.ts";

/** What a loop changes: a `TrainableModel`, or several that learn together. */
export interface Learner {
  /** Of everything accumulated since the last `update` or `discard`; not finite when a gradient is not. */
  gradientNorm(): Promise<number>;
  /** The first weight that is not finite, else the first gradient, in words: `the weight "x"`. */
  nonFinite(): Promise<string | undefined>;
  /** @param settings.step counts updates, from 1 */
  update(settings: UpdateSettings): Promise<void>;
  discard(): Promise<void>;
  state(): Promise<StoredTensor[]>;
}

/** What came of the batches of a step. */
export interface Learned {
  /** What is minimized: the mean over the step. */
  readonly loss: number;
  /** Its parts, where there are several, by name; they are logged as `${name}Loss`. */
  readonly parts?: { readonly [name: string]: number } | undefined;
  /** Tokens read, for the rate that progress shows. */
  readonly tokens: number;
}

/** Numbers of the dev set by name, such as `{ validationLoss, maskedAccuracy }`. */
export interface DevMetrics {
  readonly [metric: string]: number;
}

/** Which metric tells the best model. */
export interface BestBy {
  readonly metric: string;
  readonly better: "lower" | "higher";
}

/** How steps are made of batches, and what surrounds them. */
export interface TrainingLoopOptions<Batch> {
  /** Locked and open; where it has a state, the loop goes on from there. */
  readonly run: RunFolder;
  readonly learner: Learner;
  /** Batches without end. */
  readonly batches: Sequence<Batch>;
  /** Forward and backward of the batches of a step, from 0; the learner has their gradients afterwards. */
  learn(batches: readonly Batch[], step: number): Promise<Learned>;
  /** Steps in all. */
  readonly steps: number;
  /** Batches of a step. Default: 1. */
  readonly accumulation?: number | undefined;
  readonly schedule: Schedule;
  readonly optimizer?: OptimizerOptions | undefined;
  /** The most that the norm of all gradients may be; larger ones are scaled down to it. Default: 1; 0: no limit. */
  readonly clip?: number | undefined;
  /** Measures the dev set. Default: nothing is measured, and the last model is the best. */
  readonly evaluate?: (() => Promise<DevMetrics>) | undefined;
  /** Steps between two measurements; the last step is always measured. */
  readonly evaluateEvery: number;
  readonly best: BestBy;
  /** Writes the model as it is now, which is the best so far. `metrics` are those of this step. */
  save(step: number, metrics: DevMetrics): Promise<void>;
  /** Stop after so many measurements without a better one. Default: never. */
  readonly patience?: number | undefined;
  /** Steps between two checkpoints. Default: as `evaluateEvery`. */
  readonly checkpointEvery?: number | undefined;
  /** Steps between two lines of loss in the log. Default: 10. */
  readonly logEvery?: number | undefined;
  /** Stop after so many steps in a row whose loss or gradient is not finite. Default: 10. */
  readonly skipLimit?: number | undefined;
  /** Aborted: the step is finished, a checkpoint written, and the loop returns. */
  readonly signal?: AbortSignal | undefined;
  /** What progress calls the work, such as "pretrain". */
  readonly phase: string;
  readonly onProgress?: OnProgress | undefined;
  /** Every line of the log as it is written. */
  readonly onMetrics?: ((line: MetricLine) => void) | undefined;
}

/** How a loop ended. */
export interface LoopResult {
  /** Steps done, those of earlier sittings counted. */
  readonly steps: number;
  /** Of these, skipped because loss or gradient was not finite. */
  readonly skipped: number;
  /** The step of the model that was saved last, and its metrics. */
  readonly best: { readonly step: number; readonly metrics: DevMetrics } | undefined;
  readonly end: "done" | "interrupted" | "patience";
}

/** Everything but tensors that a checkpoint keeps. */
interface LoopPosition {
  readonly data: Position;
  readonly updates: number;
  readonly skipped: number;
  readonly skippedInRow: number;
  readonly best: { readonly step: number; readonly metrics: DevMetrics } | null;
  /** Measurements since the best one. */
  readonly stale: number;
  /** Losses since the last line of the log, and how many steps gave them. */
  readonly window: { readonly steps: number; readonly sums: { readonly [name: string]: number } };
}

const START: LoopPosition = {
  data: null,
  updates: 0,
  skipped: 0,
  skippedInRow: 0,
  best: null,
  stale: 0,
  window: { steps: 0, sums: {} },
};

/**
 * Trains: accumulate, clip, update, log, measure, keep the best, write checkpoints. A loop that goes on from a checkpoint
 * does what it would have done without the interruption, bit for bit: everything that decides it is the step's number
 * and what the checkpoint holds.
 *
 * A step whose loss or gradient is not finite changes nothing and is counted. Until a step is finite again no checkpoint is
 * written, nor is one of weights that are not: those before it stay.
 *
 * @throws InputError when there is no batch; when `skipLimit` steps in a row were skipped, naming the first tensor that
 *   is not finite and the checkpoint to go back to.
 */
export async function trainingLoop<Batch>(options: TrainingLoopOptions<Batch>): Promise<LoopResult> {
  const loop = new Loop(options);
  return loop.run();
}

class Loop<Batch> {
  readonly #options: TrainingLoopOptions<Batch>;
  readonly #began = performance.now();
  readonly #firstStep: number;
  readonly #slice = new TimeSlice();
  #cursor: Cursor<Batch>;
  #step: number;
  #at: LoopPosition;
  #checkpointed: number;
  #tokens = 0;

  constructor(options: TrainingLoopOptions<Batch>) {
    const { state } = options.run;
    this.#options = options;
    this.#at = (state?.position as LoopPosition | undefined) ?? START;
    this.#firstStep = state?.step ?? 0;
    this.#step = this.#firstStep;
    this.#checkpointed = this.#firstStep;
    this.#cursor = options.batches.open(state === undefined ? undefined : this.#at.data);
  }

  async run(): Promise<LoopResult> {
    const { steps, signal, patience = Number.POSITIVE_INFINITY } = this.#options;
    while (this.#step < steps && this.#at.stale < patience) {
      // A step may run without ever waiting for anything; signals of the process are heard only when it does.
      if (this.#slice.isOver) await this.#slice.yield();
      if (signal?.aborted) return this.#finish("interrupted");
      await this.#oneStep();
    }
    return this.#finish(this.#step < steps ? "patience" : "done");
  }

  async #oneStep(): Promise<void> {
    const { learn, evaluateEvery, checkpointEvery = evaluateEvery, logEvery = 10, steps } = this.#options;
    const learned = await learn(await this.#nextBatches(), this.#step);
    this.#tokens += learned.tokens;
    const gradientNorm = await this.#options.learner.gradientNorm();
    const isGood = Number.isFinite(learned.loss) && Number.isFinite(gradientNorm);
    const learningRate = this.#options.schedule(this.#step);
    if (isGood) await this.#update(gradientNorm, learningRate);
    else await this.#skip(learned.loss);
    this.#step++;
    if (isGood) this.#collect(learned);
    const isLast = this.#step === steps;
    if (this.#step % logEvery === 0 || isLast) this.#logLosses(learningRate, gradientNorm);
    if (this.#step % evaluateEvery === 0 || isLast) await this.#evaluate();
    if (this.#step % checkpointEvery === 0 || isLast) await this.#checkpoint();
    this.#report(learned.loss);
  }

  async #nextBatches(): Promise<Batch[]> {
    const batches: Batch[] = [];
    for (let i = 0; i < (this.#options.accumulation ?? 1); i++) {
      const batch = await this.#cursor.next();
      if (batch === undefined) throw new InputError("The training data gives no batch: it is empty, or too short.");
      batches.push(batch);
    }
    this.#at = { ...this.#at, data: this.#cursor.position };
    return batches;
  }

  async #update(gradientNorm: number, learningRate: number): Promise<void> {
    const { learner, optimizer, clip = 1 } = this.#options;
    // As PyTorch's clip_grad_norm_.
    const scale = clip === 0 ? 1 : Math.min(1, clip / (gradientNorm + 1e-6));
    const updates = this.#at.updates + 1;
    await learner.update({ ...optimizer, learningRate, scale, step: updates });
    this.#at = { ...this.#at, updates, skippedInRow: 0 };
  }

  async #skip(loss: number): Promise<void> {
    const { learner, skipLimit = 10, run } = this.#options;
    const skippedInRow = this.#at.skippedInRow + 1;
    const tensor = skippedInRow < skipLimit ? undefined : await learner.nonFinite();
    await learner.discard();
    this.#at = { ...this.#at, skipped: this.#at.skipped + 1, skippedInRow };
    if (skippedInRow < skipLimit) return;
    const what = tensor ?? `the loss (${loss})`;
    const [last, earlier] = run.checkpoints.steps().reverse();
    // Whether nothing was learned between that checkpoint and the first of these steps.
    const isSame = last === this.#step + 1 - skippedInRow && earlier !== undefined;
    const way = isSame ? `; it holds these weights: remove it to go on from step ${earlier}` : "";
    const kept = last === undefined ? "There is no checkpoint yet" : `The checkpoint of step ${last} is kept${way}`;
    throw new InputError(
      `${skippedInRow} steps in a row, up to step ${this.#step + 1}, were not finite; the first such tensor is ${what}. ${kept}. Lower the learning rate, or look for bad rows.`,
    );
  }

  #collect({ loss, parts = {} }: Learned): void {
    const { steps, sums } = this.#at.window;
    const added = Object.entries({ loss, ...suffixed(parts) }).map(([name, value]) => [
      name,
      (sums[name] ?? 0) + value,
    ]);
    this.#at = { ...this.#at, window: { steps: steps + 1, sums: { ...sums, ...Object.fromEntries(added) } } };
  }

  /** The mean losses of the steps since the last such line. */
  #logLosses(learningRate: number, norm: number): void {
    const { steps, sums } = this.#at.window;
    const means = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / steps]));
    const gradientNorm = Number.isFinite(norm) ? norm : null;
    this.#log({ step: this.#step, ...means, learningRate, gradientNorm, skipped: this.#at.skipped });
    this.#at = { ...this.#at, window: START.window };
  }

  async #evaluate(): Promise<void> {
    const { evaluate, best, save } = this.#options;
    if (evaluate === undefined) return;
    const metrics = await evaluate();
    this.#log({ step: this.#step, ...metrics });
    const [value, known] = [metrics[best.metric], this.#at.best?.metrics[best.metric]];
    const isKnown = value !== undefined && Number.isFinite(value);
    const isBetter = isKnown && (known === undefined || (best.better === "lower" ? value < known : value > known));
    if (isBetter) {
      await save(this.#step, metrics);
      this.#at = { ...this.#at, best: { step: this.#step, metrics }, stale: 0 };
    } else this.#at = { ...this.#at, stale: this.#at.stale + 1 };
  }

  #log(line: MetricLine): void {
    this.#options.run.log.append(line);
    this.#options.onMetrics?.(line);
  }

  async #checkpoint(): Promise<void> {
    if (this.#checkpointed === this.#step || this.#at.skippedInRow > 0) return;
    const tensors = await this.#options.learner.state();
    if (!tensors.every((tensor) => tensorValues(tensor).every(Number.isFinite))) return;
    this.#options.run.checkpoint({ step: this.#step, tensors, position: this.#at });
    this.#checkpointed = this.#step;
  }

  async #finish(end: LoopResult["end"]): Promise<LoopResult> {
    await this.#checkpoint();
    if (end !== "interrupted" && this.#at.best === null) {
      await this.#options.save(this.#step, {});
      this.#at = { ...this.#at, best: { step: this.#step, metrics: {} } };
    }
    return { steps: this.#step, skipped: this.#at.skipped, best: this.#at.best ?? undefined, end };
  }

  #report(loss: number): void {
    const { onProgress, phase, steps } = this.#options;
    if (onProgress === undefined) return;
    const seconds = Math.max(1e-9, (performance.now() - this.#began) / 1000);
    const detail = `loss ${loss.toFixed(3)}  ${Math.round(this.#tokens / seconds).toLocaleString("en")} tokens/s`;
    const perSecond = (this.#step - this.#firstStep) / seconds;
    onProgress({ phase, done: this.#step, total: steps, unit: "steps", perSecond, detail });
  }
}

function suffixed(parts: { readonly [name: string]: number }): { [name: string]: number } {
  return Object.fromEntries(Object.entries(parts).map(([name, value]) => [`${name}Loss`, value]));
}

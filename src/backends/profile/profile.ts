import type { BackendInfo, Dtype, Program, RunInputs, Sizes } from "../backend.ts";
import { multiplierOf, stepLabel } from "./step-label.ts";
import { type StepOperations, stepOperations } from "./step-operations.ts";

/** What all steps that do the same took together. */
export interface OpProfile {
  /** In a few words: "linear 384 -> 1536, gelu". */
  readonly op: string;
  readonly calls: number;
  readonly milliseconds: number;
  /** Of the time of all steps, 0 to 1. */
  readonly share: number;
  /** Multiply-adds, times two, a second; undefined where it is not arithmetic that takes the time. */
  readonly perSecond: number | undefined;
  /** Of what the multipliers of its dtype reach at the clock that they had, 0 to 1; undefined where that is not known. */
  readonly ofPeak: number | undefined;
}

/** What all runs took together. */
export interface ProfileTotals {
  readonly runs: number;
  /** In steps. */
  readonly milliseconds: number;
  /** Between the first step of all and the last one, while no step ran: the backend waited for work. */
  readonly idleMilliseconds: number;
  /** What the arithmetic would take at the peak of its dtypes; undefined where that is not known. */
  readonly atPeakMilliseconds: number | undefined;
  readonly perSecond: number;
  readonly ofPeak: number | undefined;
}

/** One run: when each step began and the last one ended, in milliseconds since 1970. */
export interface ProfiledRun {
  readonly program: Program;
  readonly backend: BackendInfo;
  readonly inputs: RunInputs;
  readonly sizes: Sizes;
  readonly times: Float64Array; // [steps + 1]
}

/** What the trace keeps of a run. */
export type TracedRun = Omit<ProfiledRun, "inputs">;

interface Sum {
  readonly multiplier: Dtype;
  calls: number;
  milliseconds: number;
  operations: number;
}

interface LabelledStep {
  readonly sum: Sum;
  readonly operations: StepOperations | undefined;
}

/**
 * Where the time of runs goes, step by step. Given to a model as its option `profile`, it fills up while the model works;
 * results are the same bit for bit. One profile may serve several models.
 *
 *     const profile = new Profile();
 *     const embedder = await Embedder.load(undefined, { profile });
 *     await embedder.embed(texts);
 *     console.table(profile.operations());
 */
export class Profile {
  /** Whether every run is kept, for `chromeTrace`. */
  readonly keepsRuns: boolean;
  readonly #kept: TracedRun[] = [];
  readonly #sums = new Map<string, Sum>();
  readonly #programs = new WeakMap<Program, readonly LabelledStep[]>();
  readonly #peaks = new Map<Dtype, number[]>();
  #runs = 0;
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  /** @param options `trace`: keep every run, about 10 bytes a step. Default: false, sums alone. */
  constructor({ trace = false }: { readonly trace?: boolean } = {}) {
    this.keepsRuns = trace;
  }

  /** Every run, if the profile was made to keep them. */
  get runs(): readonly TracedRun[] {
    return this.#kept;
  }

  /** Adds a run that has ended; backends opened with a profile do it. */
  record({ inputs, ...run }: ProfiledRun): void {
    const { program, sizes, times } = run;
    this.#runs++;
    this.#labelled(program).forEach(({ sum, operations }, i) => {
      sum.calls++;
      sum.milliseconds += (times[i + 1] as number) - (times[i] as number);
      sum.operations += operations?.(inputs, sizes) ?? 0;
    });
    this.#first = Math.min(this.#first, times[0] as number);
    this.#last = Math.max(this.#last, times.at(-1) as number);
    if (this.keepsRuns) this.#kept.push(run);
  }

  /** Adds a measurement of what the multipliers reach: operations a second. */
  recordPeak(dtype: Dtype, perSecond: number): void {
    this.#peaks.set(dtype, [...(this.#peaks.get(dtype) ?? []), perSecond]);
  }

  /** What the multipliers of a dtype reach, right after runs: the median of the measurements. */
  peak(dtype: Dtype): number | undefined {
    const sorted = this.#peaks.get(dtype)?.toSorted((a, b) => a - b);
    return sorted?.[sorted.length >> 1];
  }

  /** By kind of step, what took longest first. */
  operations(): OpProfile[] {
    const all = this.totals().milliseconds;
    const found = [...this.#sums].map(([op, sum]) => {
      const { calls, milliseconds, operations, multiplier } = sum;
      const perSecond = operations === 0 ? undefined : (1000 * operations) / milliseconds;
      const peak = this.peak(multiplier);
      const ofPeak = perSecond === undefined || peak === undefined ? undefined : perSecond / peak;
      return { op, calls, milliseconds, share: milliseconds / all, perSecond, ofPeak };
    });
    return found.toSorted((a, b) => b.milliseconds - a.milliseconds);
  }

  /** All steps together; `ofPeak` is the share of the time that the arithmetic would take at the peak of its dtypes. */
  totals(): ProfileTotals {
    let milliseconds = 0;
    let operations = 0;
    let atPeak = 0;
    for (const sum of this.#sums.values()) {
      milliseconds += sum.milliseconds;
      operations += sum.operations;
      if (sum.operations > 0) atPeak += (1000 * sum.operations) / (this.peak(sum.multiplier) ?? Number.NaN);
    }
    const idleMilliseconds = this.#runs === 0 ? 0 : Math.max(0, this.#last - this.#first - milliseconds);
    const atPeakMilliseconds = atPeak > 0 ? atPeak : undefined;
    const ofPeak = atPeak > 0 ? atPeak / milliseconds : undefined;
    const perSecond = milliseconds === 0 ? 0 : (1000 * operations) / milliseconds;
    return { runs: this.#runs, milliseconds, idleMilliseconds, atPeakMilliseconds, perSecond, ofPeak };
  }

  #labelled(program: Program): readonly LabelledStep[] {
    const known = this.#programs.get(program);
    if (known !== undefined) return known;
    const labelled = program.steps.map((step) => {
      const label = stepLabel(program, step);
      const sum = this.#sums.get(label) ?? this.#newSum(label, multiplierOf(program, step));
      return { sum, operations: stepOperations(program, step) };
    });
    this.#programs.set(program, labelled);
    return labelled;
  }

  #newSum(label: string, multiplier: Dtype): Sum {
    const sum = { multiplier, calls: 0, milliseconds: 0, operations: 0 };
    this.#sums.set(label, sum);
    return sum;
  }
}

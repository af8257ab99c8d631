/** How far a long call has come. */
export interface Progress {
  /** What is being done, such as "load" or "embed". */
  readonly phase: string;
  readonly done: number;
  /** Left out where it is not known, as with streams. */
  readonly total?: number;
  /** What `done` and `total` count, such as "texts". */
  readonly unit: string;
  /** Units a second since the phase began. */
  readonly perSecond: number;
  /** What else there is to say of it, such as "loss 4.712  11,942 tokens/s". */
  readonly detail?: string;
}

/** Called while a long call goes on. */
export type OnProgress = (progress: Progress) => void;

/** Reports a phase: counts up, knows the rate. */
export class ProgressMeter {
  readonly #report: OnProgress | undefined;
  readonly #fixed: { readonly phase: string; readonly unit: string; readonly total?: number };
  readonly #began = performance.now();
  #done = 0;

  constructor(report: OnProgress | undefined, phase: string, unit: string, total?: number) {
    this.#report = report;
    this.#fixed = total === undefined ? { phase, unit } : { phase, unit, total };
  }

  advance(count: number): void {
    this.#done += count;
    if (this.#report === undefined) return;
    const seconds = (performance.now() - this.#began) / 1000;
    this.#report({ ...this.#fixed, done: this.#done, perSecond: seconds > 0 ? this.#done / seconds : 0 });
  }
}

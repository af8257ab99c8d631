/** How far a training has come: trainers are generators that yield these, so that whoever drives them can pause and stop. */
export interface TrainingStep {
  /** "read", "normalize", "count", "merge", "seed", "estimate". */
  readonly phase: string;
  readonly done: number;
  /** Left out where it is not known, as with streams. */
  readonly total?: number;
  /** What `done` and `total` count, such as "texts". */
  readonly unit: string;
}

/** Synchronous work in steps, with a result. */
export type TrainingSteps<Result> = Generator<TrainingStep, Result>;

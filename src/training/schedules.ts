import { InputError } from "../errors.ts";

/**
 * How the learning rate goes after warm-up: `linear` falls to 0 at the last step, `cosine` falls along half a wave,
 * `constant` stays, `warmup-stable-decay` stays and falls as 1 - sqrt over the last steps.
 */
export const SCHEDULE_NAMES = ["linear", "cosine", "constant", "warmup-stable-decay"] as const;
/** The name of a way. */
export type ScheduleName = (typeof SCHEDULE_NAMES)[number];

/** How the learning rate goes. */
export interface ScheduleOptions {
  /** Default: linear. */
  readonly schedule?: ScheduleName | undefined;
  /** The highest learning rate. */
  readonly rate: number;
  /** Steps in all. */
  readonly steps: number;
  /** Steps of warm-up; below 1 a share of all. Default: 0. */
  readonly warmup?: number | undefined;
  /** For `warmup-stable-decay`: the last steps, in which the rate falls; below 1 a share of all. Default: 0.1. */
  readonly decay?: number | undefined;
  /** The rate that is fallen to, as a share of the highest. Default: 0. */
  readonly floor?: number | undefined;
}

/** The learning rate of a step, counted from 0. */
export type Schedule = (step: number) => number;

/**
 * Learning rates by step. In warm-up over W steps, step s has rate x (s + 1) / W. Sources: `warmup-stable-decay` Hu et
 * al., "MiniCPM", 2024, its 1 - sqrt cool-down Hägele et al., "Scaling Laws and Compute-Optimal Training Beyond Fixed
 * Training Durations", 2024; `cosine` Loshchilov and Hutter, "SGDR", 2017.
 *
 * @throws InputError when a number makes no sense, such as more steps of warm-up than steps.
 */
export function learningRates(options: ScheduleOptions): Schedule {
  const { schedule = "linear", rate, steps, floor = 0 } = options;
  check("steps", steps, Number.isInteger(steps) && steps > 0, "a whole number above 0");
  check("rate", rate, Number.isFinite(rate) && rate >= 0, "0 or more");
  check("floor", floor, floor >= 0 && floor <= 1, "a share from 0 to 1");
  const warmup = countSteps("warmup", options.warmup ?? 0, steps);
  const decay = countSteps("decay", options.decay ?? 0.1, steps);
  if (schedule === "warmup-stable-decay" && warmup + decay > steps) {
    throw new InputError(`${warmup} steps of warm-up and ${decay} of decay are more than ${steps} steps in all.`);
  }
  const fall = SHAPES[schedule];
  return (step) => {
    if (step < warmup) return (rate * (step + 1)) / warmup;
    const from = schedule === "warmup-stable-decay" ? steps - decay : warmup;
    const done = step < from ? 0 : Math.min(1, (step - from) / Math.max(1, steps - from));
    return rate * (floor + (1 - floor) * fall(done));
  };
}

/** The share of the rate that is left when a share of the fall is done. */
const SHAPES: { readonly [name in ScheduleName]: (done: number) => number } = {
  linear: (done) => 1 - done,
  cosine: (done) => (1 + Math.cos(Math.PI * done)) / 2,
  constant: () => 1,
  "warmup-stable-decay": (done) => 1 - Math.sqrt(done),
};

/** A share of all steps, or a number of them. The reference rounds down. */
function countSteps(name: string, value: number, steps: number): number {
  const count = value < 1 ? Math.floor(value * steps) : value;
  check(
    name,
    value,
    Number.isInteger(count) && count >= 0 && count <= steps,
    `a share below 1, or 1 to ${steps} steps`,
  );
  return count;
}

function check(name: string, value: number, isRight: boolean, expected: string): void {
  if (!isRight) throw new InputError(`${name} is ${value}; expected ${expected}.`);
}

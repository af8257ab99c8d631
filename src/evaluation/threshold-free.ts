/** How well scores put positive rows above negative ones, whatever the threshold. */
import { InputError } from "../errors.ts";
import { checkPaired } from "./paired.ts";

/** Rows of one score, counted. */
interface Step {
  readonly positives: number;
  readonly negatives: number;
}

/**
 * The area under the ROC curve: how likely a positive row has a higher score than a negative one, ties counting half.
 *
 * @param gold true or 1 for positive rows
 * @throws InputError when the lists differ in length, are empty, or all rows are of one class.
 */
export function rocAuc(gold: readonly (boolean | number)[], scores: ArrayLike<number>): number {
  const steps = stepsOf(gold, scores);
  const positives = count(steps, "positives");
  const negatives = count(steps, "negatives");
  let [above, area] = [0, 0];
  for (const step of steps) {
    area += step.negatives * (above + step.positives / 2);
    above += step.positives;
  }
  return area / (positives * negatives);
}

/**
 * Average precision: the precision at each score, weighted with the recall that it adds; nothing is interpolated.
 *
 * @throws InputError as `rocAuc`.
 */
export function averagePrecision(gold: readonly (boolean | number)[], scores: ArrayLike<number>): number {
  const steps = stepsOf(gold, scores);
  const positives = count(steps, "positives");
  let [found, seen, result] = [0, 0, 0];
  for (const step of steps) {
    found += step.positives;
    seen += step.positives + step.negatives;
    result += (step.positives / positives) * (found / seen);
  }
  return result;
}

/** Rows by score, the highest first, equal ones together. */
function stepsOf(gold: readonly (boolean | number)[], scores: ArrayLike<number>): Step[] {
  checkPaired(gold, scores, "labels");
  const steps = new Map<number, { positives: number; negatives: number }>();
  for (const [i, label] of gold.entries()) {
    const step = steps.get(scores[i]!) ?? { positives: 0, negatives: 0 };
    if (label) step.positives++;
    else step.negatives++;
    steps.set(scores[i]!, step);
  }
  const sorted = [...steps].sort(([a], [b]) => b - a).map(([, step]) => step);
  for (const kind of ["positives", "negatives"] as const) {
    if (count(sorted, kind) > 0) continue;
    throw new InputError(`All ${gold.length} rows are of one class: there are no ${kind} to score against. Use a split with both.`); // biome-ignore format: one
  }
  return sorted;
}

function count(steps: readonly Step[], kind: keyof Step): number {
  return steps.reduce((sum, step) => sum + step[kind], 0);
}

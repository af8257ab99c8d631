import { InputError } from "../errors.ts";
import { checkPaired } from "./paired.ts";

/** Temperatures are looked for between 1 / LARGEST and LARGEST. */
const LARGEST = 1000;

/**
 * The temperature that logits are divided by for the smallest log loss on these rows: above 1 for a model that is too
 * sure of itself. Which label comes first never changes. The loss is convex in 1 / temperature, so halving the interval
 * on its slope finds it. Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
 *
 * @param gold index of each row's class
 * @param logits a row each, one number a class
 * @throws InputError when the lists differ in length, are empty, or a row has no logit for its class.
 */
export function fitTemperature(gold: readonly number[], logits: readonly ArrayLike<number>[]): number {
  checkPaired(gold, logits, "labels");
  for (const [i, label] of gold.entries()) {
    if (logits[i]![label] === undefined)
      throw new InputError(`Row ${i} is of class ${label}, for which it has no logit.`);
  }
  let [low, high] = [-Math.log(LARGEST), Math.log(LARGEST)]; // of log(1 / temperature)
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (slope(gold, logits, Math.exp(middle)) > 0) high = middle;
    else low = middle;
  }
  return Math.exp(-(low + high) / 2);
}

/** Of the summed log loss over the inverse temperature: expected logit minus the gold one. */
function slope(gold: readonly number[], logits: readonly ArrayLike<number>[], inverse: number): number {
  let result = 0;
  for (const [i, row] of logits.entries()) {
    let most = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < row.length; j++) most = Math.max(most, row[j]!);
    let [weights, sum] = [0, 0];
    for (let j = 0; j < row.length; j++) {
      const weight = Math.exp(inverse * (row[j]! - most));
      weights += weight;
      sum += weight * row[j]!;
    }
    result += sum / weights - row[gold[i]!]!;
  }
  return result;
}

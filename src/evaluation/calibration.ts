/** Whether probabilities mean what they say. */
import { InputError } from "../errors.ts";
import { checkPaired } from "./paired.ts";

/** Rows whose confidence lies in one range. */
export interface ReliabilityBin {
  /** The range: above `from`, up to `to`. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean confidence of its rows; 0 for none. */
  readonly confidence: number;
  /** Share of its rows that are right; 0 for none. */
  readonly accuracy: number;
}

/** Below this a probability counts as this, so that one sure mistake is no infinite loss. */
const LEAST_PROBABILITY = 1e-15;

/**
 * The calibration plot: confidences (the probability of the class that was predicted) in ranges of equal width, each with
 * the share of rows that were right.
 *
 * @param right whether the predicted class was the gold one, a row each
 * @throws InputError when the lists differ in length or are empty.
 */
export function reliabilityBins(
  right: readonly (boolean | number)[],
  confidences: ArrayLike<number>,
  { bins = 15 }: { readonly bins?: number | undefined } = {},
): ReliabilityBin[] {
  checkPaired(right, confidences, "labels");
  const sums = Array.from({ length: bins }, () => ({ count: 0, confidence: 0, right: 0 }));
  for (const [i, isRight] of right.entries()) {
    const bin = sums[Math.min(bins - 1, Math.max(0, Math.ceil(confidences[i]! * bins) - 1))]!;
    bin.count++;
    bin.confidence += confidences[i]!;
    if (isRight) bin.right++;
  }
  return sums.map(({ count, confidence, right }, i) => ({
    from: i / bins,
    to: (i + 1) / bins,
    count,
    confidence: count === 0 ? 0 : confidence / count,
    accuracy: count === 0 ? 0 : right / count,
  }));
}

/**
 * Expected calibration error: how far confidence and accuracy differ, averaged over the rows of the ranges. Default: 15
 * ranges. Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
 */
export function expectedCalibrationError(
  right: readonly (boolean | number)[],
  confidences: ArrayLike<number>,
  options: { readonly bins?: number | undefined } = {},
): number {
  const bins = reliabilityBins(right, confidences, options);
  return bins.reduce((sum, bin) => sum + bin.count * Math.abs(bin.confidence - bin.accuracy), 0) / right.length;
}

/**
 * Brier's score of two classes: the mean squared distance of the positive class's probability from 1 or 0.
 *
 * @param gold true or 1 for positive rows
 */
export function brierScore(gold: readonly (boolean | number)[], probabilities: ArrayLike<number>): number {
  checkPaired(gold, probabilities, "labels");
  return gold.reduce<number>((sum, label, i) => sum + (probabilities[i]! - (label ? 1 : 0)) ** 2, 0) / gold.length;
}

/**
 * Brier's score of any number of classes: the squared distances over all classes, so that two classes give twice
 * `brierScore`. Source: Brier, "Verification of forecasts expressed in terms of probability", 1950.
 *
 * @param gold index of each row's class
 * @param probabilities a row each, one probability a class
 */
export function multiClassBrierScore(gold: readonly number[], probabilities: readonly ArrayLike<number>[]): number {
  checkPaired(gold, probabilities, "labels");
  let sum = 0;
  for (const [i, row] of probabilities.entries()) {
    for (let j = 0; j < row.length; j++) sum += (row[j]! - (j === gold[i] ? 1 : 0)) ** 2;
  }
  return sum / gold.length;
}

/**
 * The mean of -log p of the gold class.
 *
 * @param gold index of each row's class
 * @param probabilities a row each, one probability a class
 * @throws InputError when a row has no probability for its class.
 */
export function logLoss(gold: readonly number[], probabilities: readonly ArrayLike<number>[]): number {
  checkPaired(gold, probabilities, "labels");
  let sum = 0;
  for (const [i, label] of gold.entries()) {
    const probability = probabilities[i]![label];
    if (probability === undefined)
      throw new InputError(`Row ${i} is of class ${label}, for which it has no probability.`);
    sum -= Math.log(Math.min(1, Math.max(LEAST_PROBABILITY, probability)));
  }
  return sum / gold.length;
}

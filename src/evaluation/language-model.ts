/** How well a model predicts tokens. */
import { InputError } from "../errors.ts";
import { checkPaired } from "./paired.ts";

/** The label of tokens that are not predicted, as in checkpoints' own losses. */
const IGNORED = -100;

/**
 * Perplexity: the exponential of the mean of -log p over tokens; the size of a vocabulary that would be as hard to guess.
 *
 * @param logProbabilities natural logarithms, one a token
 * @throws InputError when there are none, or one is above 0.
 */
export function perplexity(logProbabilities: ArrayLike<number>): number {
  if (logProbabilities.length === 0) throw new InputError("There are no tokens to score: the split is empty.");
  let sum = 0;
  for (let i = 0; i < logProbabilities.length; i++) {
    const value = logProbabilities[i]!;
    if (!(value <= 0)) throw new InputError(`Log probability ${i} is ${value}; expected 0 or less.`);
    sum += value;
  }
  return Math.exp(-sum / logProbabilities.length);
}

/**
 * The share of masked tokens that were guessed right.
 *
 * @param labels the tokens' own ids, -100 where a token was not masked
 * @throws InputError when the lists differ in length or nothing was masked.
 */
export function maskedAccuracy(labels: ArrayLike<number>, predicted: ArrayLike<number>): number {
  checkPaired(labels, predicted, "tokens");
  let [masked, right] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === IGNORED) continue;
    masked++;
    if (labels[i] === predicted[i]) right++;
  }
  if (masked === 0) throw new InputError(`None of ${labels.length} tokens is masked; there is nothing to score.`);
  return right / masked;
}

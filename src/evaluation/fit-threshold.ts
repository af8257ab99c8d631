import { checkPaired } from "./paired.ts";

/** A threshold, and the F1 that it gives on the rows that it was fitted on. */
export interface FittedThreshold {
  /** A row is positive when its score is at least this. */
  readonly threshold: number;
  readonly f1: number;
}

/**
 * The threshold with the highest F1 of the positive class, half way between two scores; of equal ones the highest. For
 * multi-label classification fit one a label. Where no row is positive it lies above all scores, so that none is found.
 *
 * @param gold true or 1 for positive rows
 * @throws InputError when the lists differ in length or are empty.
 */
export function fitThreshold(gold: readonly (boolean | number)[], scores: ArrayLike<number>): FittedThreshold {
  checkPaired(gold, scores, "labels");
  const order = gold.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const positives = gold.filter(Boolean).length;
  let best: FittedThreshold = { threshold: scores[order[0]!]! + 1, f1: 0 };
  let correct = 0;
  for (const [i, row] of order.entries()) {
    if (gold[row]) correct++;
    const score = scores[row]!;
    const next = i + 1 < order.length ? scores[order[i + 1]!]! : undefined;
    if (next === score) continue;
    const f1 = (2 * correct) / (i + 1 + positives);
    if (f1 > best.f1) best = { threshold: next === undefined ? score : (score + next) / 2, f1 };
  }
  return best;
}

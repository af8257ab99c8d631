import { ConfigError } from "../errors.ts";
import { mayFollow, type TagLabels } from "./tag-labels.ts";

/** The number of the label with the highest score, the first of equals, for each token or word. */
export function likeliestTags(scores: readonly (readonly number[])[]): number[] {
  return scores.map(indexOfLargest);
}

/**
 * The likeliest sequence of labels among those that the scheme allows, by Viterbi's algorithm: the highest product of
 * scores, the first label of equals.
 *
 * @param scores probabilities, for each token or word one a label
 * @throws ConfigError when the labels allow no sequence of this length.
 */
export function likeliestLegalTags(scores: readonly (readonly number[])[], labels: TagLabels): number[] {
  const { tags } = labels;
  const before = tags.map((tag) => tags.flatMap((other, i) => (mayFollow(labels, other, tag) ? [i] : [])));
  const from: Int32Array[] = [];
  let best: number[] = [];
  for (const [at, row] of scores.entries()) {
    const came = new Int32Array(tags.length);
    const previous = best;
    best = row.map((score, label) => {
      if (at === 0) return mayFollow(labels, undefined, tags[label]) ? logarithm(score) : Number.NEGATIVE_INFINITY;
      const likeliest = largestOf(before[label] as number[], previous);
      came[label] = likeliest;
      return (previous[likeliest] ?? Number.NEGATIVE_INFINITY) + logarithm(score);
    });
    from.push(came);
  }
  if (scores.length === 0) return [];
  const last = largestOf(
    tags.flatMap((tag, i) => (mayFollow(labels, tag, undefined) ? [i] : [])),
    best,
  );
  if (!Number.isFinite(best[last] ?? Number.NaN)) {
    throw new ConfigError(`config.json: no sequence of ${scores.length} of its labels is legal in ${labels.scheme}.`);
  }
  return trace(from, last);
}

/** Goes back from the last label. */
function trace(from: readonly Int32Array[], last: number): number[] {
  const chosen = new Array<number>(from.length);
  let label = last;
  for (let at = from.length - 1; at >= 0; at--) {
    chosen[at] = label;
    label = from[at]![label]!;
  }
  return chosen;
}

/** A probability that underflowed is not impossible. */
function logarithm(score: number): number {
  return Math.log(Math.max(score, Number.MIN_VALUE));
}

/** Which of the candidates has the largest number, the first of equals; -1 of none. */
function largestOf(candidates: readonly number[], numbers: readonly number[]): number {
  return candidates.reduce((best, it) => (best === -1 || numbers[it]! > numbers[best]! ? it : best), -1);
}

export function indexOfLargest(row: readonly number[]): number {
  return row.reduce((best, score, i) => (score > row[best]! ? i : best), 0);
}

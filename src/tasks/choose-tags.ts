import { ConfigError } from "../errors.ts";
import { mayFollow, type TagLabels } from "./tag-labels.ts";

/** What decides which sequence of labels is the likeliest, besides the scores of each place. */
export interface TagRules {
  readonly labels: TagLabels;
  /** Whether only sequences that the scheme allows are looked at. */
  readonly constrained: boolean;
  /** Of a conditional random field, where the model has one. */
  readonly transitions: CrfTransitions | undefined;
}

/**
 * The number of each token's or word's label.
 *
 * @param scores probabilities, for each token or word one a label
 * @throws ConfigError when the scheme allows no sequence of this length.
 */
export function chooseTags(
  scores: readonly (readonly number[])[],
  { labels, constrained, transitions }: TagRules,
): number[] {
  const field = transitions === undefined ? undefined : crfSteps(transitions, labels.tags.length);
  if (constrained) return likeliestLegalTags(scores, labels, field);
  return field === undefined ? likeliestTags(scores) : likeliestSequence(scores, field)!;
}

/** What is added to a sequence's score by labels that follow one another, by number; minus infinity forbids. */
interface TagSteps {
  begin(label: number): number;
  between(from: number, to: number): number;
  end(label: number): number;
}

/** Scores of a conditional random field [L + 2, L]: from label i to j in row i, then what begins a sequence and what ends one. */
export type CrfTransitions = ArrayLike<number>;

function crfSteps(transitions: CrfTransitions, labels: number): TagSteps {
  return {
    begin: (label) => transitions[labels * labels + label]!,
    between: (from, to) => transitions[from * labels + to]!,
    end: (label) => transitions[(labels + 1) * labels + label]!,
  };
}

/** Nothing for what the scheme allows. */
function legalSteps(labels: TagLabels): TagSteps {
  const { tags } = labels;
  const allowed = (yes: boolean) => (yes ? 0 : Number.NEGATIVE_INFINITY);
  const table = tags.map((from) => tags.map((to) => allowed(mayFollow(labels, from, to))));
  return {
    begin: (label) => allowed(mayFollow(labels, undefined, tags[label])),
    between: (from, to) => table[from]![to]!,
    end: (label) => allowed(mayFollow(labels, tags[label], undefined)),
  };
}

/** Both at once. */
function joinedSteps(a: TagSteps, b: TagSteps): TagSteps {
  return {
    begin: (label) => a.begin(label) + b.begin(label),
    between: (from, to) => a.between(from, to) + b.between(from, to),
    end: (label) => a.end(label) + b.end(label),
  };
}

/**
 * The likeliest sequence of labels among those that the scheme allows.
 *
 * @param field what is added besides
 * @throws ConfigError when the labels allow no sequence of this length.
 */
export function likeliestLegalTags(
  scores: readonly (readonly number[])[],
  labels: TagLabels,
  field?: TagSteps,
): number[] {
  const legal = legalSteps(labels);
  const chosen = likeliestSequence(scores, field === undefined ? legal : joinedSteps(legal, field));
  if (chosen !== undefined) return chosen;
  throw new ConfigError(`config.json: no sequence of ${scores.length} of its labels is legal in ${labels.scheme}.`);
}

/** The number of the label with the highest score, the first of equals, for each token or word. */
function likeliestTags(scores: readonly (readonly number[])[]): number[] {
  return scores.map(indexOfLargest);
}

/**
 * The likeliest sequence of labels, by Viterbi's algorithm: the highest sum of logarithms of the scores and of the steps, the
 * first label of equals.
 *
 * @param scores of each place and label; factors that all labels of a place have do not matter
 * @returns undefined when the steps forbid every sequence of this length
 */
function likeliestSequence(scores: readonly (readonly number[])[], steps: TagSteps): number[] | undefined {
  if (scores.length === 0) return [];
  const from: Int32Array[] = [];
  let best: number[] = [];
  for (const [at, row] of scores.entries()) {
    const came = new Int32Array(row.length);
    const previous = best;
    best = row.map((score, label) => {
      if (at === 0) return steps.begin(label) + logarithm(score);
      const sums = previous.map((sum, before) => sum + steps.between(before, label));
      came[label] = indexOfLargest(sums);
      return sums[came[label]!]! + logarithm(score);
    });
    from.push(came);
  }
  const sums = best.map((sum, label) => sum + steps.end(label));
  const last = indexOfLargest(sums);
  return sums[last] === Number.NEGATIVE_INFINITY ? undefined : trace(from, last);
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

export function indexOfLargest(row: readonly number[]): number {
  return row.reduce((best, score, i) => (score > row[best]! ? i : best), 0);
}

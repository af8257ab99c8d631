/** What a sequence of labels costs under a linear-chain conditional random field, and the gradient of that. */
export interface CrfLoss {
  /** Minus the logarithm of the sequence's probability. */
  readonly loss: number;
  /** By the scores of each place [T, L]. */
  readonly scores: Float64Array;
  /** By the transitions [L + 2, L], as `CrfTransitions` has them. */
  readonly transitions: Float64Array;
}

/**
 * The loss of one sequence: the score of a sequence is the sum of its labels' scores and of the transitions between them,
 * before the first and after the last; its probability the exponential of that over the sum of all sequences'. The gradients
 * are expected counts less those of the sequence, by the forward-backward algorithm, in logarithms.
 * Source: Lafferty, McCallum, Pereira, "Conditional random fields", ICML 2001.
 *
 * @param scores of each place and label [T, L], T 1 or more
 * @param transitions [L + 2, L]: from label i to j in row i, then what begins a sequence and what ends one
 * @param gold the number of each place's label
 */
export function crfLoss(scores: Float64Array, transitions: ArrayLike<number>, gold: readonly number[]): CrfLoss {
  const places = gold.length;
  const labels = scores.length / places;
  const [begin, end] = [labels * labels, (labels + 1) * labels];
  const forward = new Float64Array(scores.length); // of all sequences up to a place with its label
  const backward = new Float64Array(scores.length); // of all that come after it
  const terms = new Float64Array(labels);
  for (let j = 0; j < labels; j++) {
    forward[j] = transitions[begin + j]! + scores[j]!;
    backward[(places - 1) * labels + j] = transitions[end + j]!;
  }
  for (let t = 1; t < places; t++) {
    for (let j = 0; j < labels; j++) {
      for (let i = 0; i < labels; i++) terms[i] = forward[(t - 1) * labels + i]! + transitions[i * labels + j]!;
      forward[t * labels + j] = logSum(terms) + scores[t * labels + j]!;
    }
  }
  for (let t = places - 2; t >= 0; t--) {
    for (let i = 0; i < labels; i++) {
      for (let j = 0; j < labels; j++) {
        terms[j] = transitions[i * labels + j]! + scores[(t + 1) * labels + j]! + backward[(t + 1) * labels + j]!;
      }
      backward[t * labels + i] = logSum(terms);
    }
  }
  for (let j = 0; j < labels; j++) terms[j] = forward[(places - 1) * labels + j]! + transitions[end + j]!;
  const all = logSum(terms);

  const ofScores = Float64Array.from(forward, (value, i) => Math.exp(value + backward[i]! - all));
  const ofTransitions = new Float64Array((labels + 2) * labels);
  for (let j = 0; j < labels; j++) {
    ofTransitions[begin + j] = ofScores[j]!;
    ofTransitions[end + j] = ofScores[(places - 1) * labels + j]!;
  }
  for (let t = 1; t < places; t++) {
    for (let i = 0; i < labels; i++) {
      for (let j = 0; j < labels; j++) {
        const [at, before] = [t * labels + j, (t - 1) * labels + i];
        const path = forward[before]! + transitions[i * labels + j]! + scores[at]! + backward[at]!;
        ofTransitions[i * labels + j]! += Math.exp(path - all);
      }
    }
  }
  let own = 0;
  gold.forEach((label, t) => {
    const step = t === 0 ? begin + label : gold[t - 1]! * labels + label;
    own += scores[t * labels + label]! + transitions[step]!;
    ofScores[t * labels + label]! -= 1;
    ofTransitions[step]! -= 1;
  });
  const last = end + gold[places - 1]!;
  own += transitions[last]!;
  ofTransitions[last]! -= 1;
  return { loss: all - own, scores: ofScores, transitions: ofTransitions };
}

function logSum(terms: Float64Array): number {
  const largest = terms.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  return largest + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - largest), 0));
}

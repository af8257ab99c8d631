/** A linear classifier: logits are weight . x + bias. */
export interface LinearHead {
  readonly weight: Float32Array; // [classes, D]
  readonly bias: Float32Array; // [classes]
}

const STEPS = 2000;
/** Of the gradient's largest number: fitted. */
const TOLERANCE = 1e-5;

/**
 * Multinomial logistic regression with an L2 penalty of half the squared weights, as scikit-learn's with C = 1: accelerated
 * gradient descent in doubles (Nesterov 1983), whose step is one over a bound of the curvature.
 */
export function fitLogisticRegression(
  vectors: readonly Float32Array[],
  gold: readonly number[],
  classes: number,
): LinearHead {
  const size = vectors[0]!.length + 1; // the last column is the bias
  const squares = vectors.reduce((sum, x) => sum + x.reduce((all, value) => all + value * value, 1), 0);
  const rate = 1 / (squares / 2 + 1);
  let [at, momentum] = [new Float64Array(classes * size), 1];
  let ahead = Float64Array.from(at);
  for (let step = 0; step < STEPS; step++) {
    const gradient = gradientAt(ahead, vectors, gold, classes);
    if (gradient.every((value) => Math.abs(value) < TOLERANCE)) break;
    const next = ahead.map((value, i) => value - rate * gradient[i]!);
    const following = (1 + Math.sqrt(1 + 4 * momentum ** 2)) / 2;
    const push = (momentum - 1) / following;
    ahead = next.map((value, i) => value + push * (value - at[i]!));
    [at, momentum] = [next, following];
  }
  const columns = size - 1;
  return {
    weight: Float32Array.from(
      { length: classes * columns },
      (_, i) => at[Math.floor(i / columns) * size + (i % columns)]!,
    ),
    bias: Float32Array.from({ length: classes }, (_, k) => at[k * size + columns]!),
  };
}

/** Of the summed cross-entropy and the penalty, which the bias does not have. */
function gradientAt(
  weights: Float64Array,
  vectors: readonly Float32Array[],
  gold: readonly number[],
  classes: number,
): Float64Array {
  const size = weights.length / classes;
  const gradient = Float64Array.from(weights, (value, i) => (i % size === size - 1 ? 0 : value));
  const logits = new Float64Array(classes);
  for (const [row, x] of vectors.entries()) {
    for (let k = 0; k < classes; k++) {
      let sum = weights[k * size + size - 1]!;
      for (let i = 0; i < size - 1; i++) sum += weights[k * size + i]! * x[i]!;
      logits[k] = sum;
    }
    const most = Math.max(...logits);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
    for (let k = 0; k < classes; k++) {
      const error = Math.exp(logits[k]! - most) / total - Number(gold[row] === k);
      for (let i = 0; i < size - 1; i++) gradient[k * size + i]! += error * x[i]!;
      gradient[k * size + size - 1]! += error;
    }
  }
  return gradient;
}

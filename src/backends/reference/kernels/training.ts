import { uniform } from "../../random.ts";
import type { ReferenceKernel } from "../kernel.ts";
import { fill, get, type Matrix, set, sum } from "../matrix.ts";

type Operand = Matrix<ArrayLike<number>>;

export const dropout: ReferenceKernel<"dropout"> = ({ x, seed }, { y }, { rate, stream }) => {
  const own = ((seed.data[seed.start] as number) + Math.imul(stream, 0x9e3779b1)) | 0;
  const dropped = Math.fround(rate); // as the kernels get it, so that all keep the same elements
  fill(y, (r, c) => (uniform(own, r * x.columns + c) < dropped ? 0 : get(x, r, c) / (1 - rate)));
};

/** The share of the target that falls on a class, times the class's weight. */
function target(label: number, column: number, classes: number, weights: Operand | undefined, smoothing: number) {
  const share = smoothing / classes + (column === label ? 1 - smoothing : 0);
  return weights === undefined ? share : share * get(weights, 0, column);
}

function logSumExp(x: Operand, r: number): number {
  let largest = -Infinity;
  for (let c = 0; c < x.columns; c++) largest = Math.max(largest, get(x, r, c));
  return largest + Math.log(sum(x.columns, (c) => Math.exp(get(x, r, c) - largest)));
}

export const crossEntropy: ReferenceKernel<"crossEntropy"> = (inputs, { y }, { smoothing }) => {
  const { logits, labels, weights } = inputs;
  fill(y, (r) => {
    const label = labels.data[labels.start + r] as number;
    if (label < 0) return 0;
    const total = logSumExp(logits, r);
    return sum(
      logits.columns,
      (c) => target(label, c, logits.columns, weights, smoothing) * (total - get(logits, r, c)),
    );
  });
};

export const crossEntropyGradient: ReferenceKernel<"crossEntropyGradient"> = (
  { logits, labels, weights, gradient },
  { y },
  { smoothing },
) => {
  for (let r = 0; r < logits.rows; r++) {
    const label = labels.data[labels.start + r] as number;
    const total = logSumExp(logits, r);
    const targets = Array.from({ length: logits.columns }, (_, c) =>
      target(label, c, logits.columns, weights, smoothing),
    );
    const whole = targets.reduce((a, b) => a + b, 0);
    for (let c = 0; c < logits.columns; c++) {
      const difference = whole * Math.exp(get(logits, r, c) - total) - (targets[c] as number);
      set(y, r, c, label < 0 ? 0 : get(gradient, r, 0) * difference);
    }
  }
};

export const binaryCrossEntropy: ReferenceKernel<"binaryCrossEntropy"> = ({ x, target }, { y }) => {
  fill(y, (r) =>
    sum(x.columns, (c) => {
      const value = get(x, r, c);
      return Math.max(value, 0) - value * get(target, r, c) + Math.log1p(Math.exp(-Math.abs(value)));
    }),
  );
};

export const binaryCrossEntropyGradient: ReferenceKernel<"binaryCrossEntropyGradient"> = (
  { x, target, gradient },
  { y },
) => {
  fill(y, (r, c) => get(gradient, r, 0) * (1 / (1 + Math.exp(-get(x, r, c))) - get(target, r, c)));
};

export const rowSquares: ReferenceKernel<"rowSquares"> = ({ x }, { y }) => {
  fill(y, (r) => sum(x.columns, (c) => get(x, r, c) ** 2));
};

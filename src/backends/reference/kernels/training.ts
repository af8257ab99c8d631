import { uniform } from "../../random.ts";
import type { ReferenceKernel } from "../kernel.ts";
import { fill, get, type Matrix, set, sum } from "../matrix.ts";

type Operand = Matrix<ArrayLike<number>>;

export const dropout: ReferenceKernel<"dropout"> = ({ x, seed }, { y }, { rate, stream }) => {
  const own = ((seed.data[seed.start] as number) + Math.imul(stream, 0x9e3779b1)) | 0;
  const dropped = Math.fround(rate); // as the kernels get it, so that all keep the same elements
  fill(y, (r, c) => (uniform(own, r * x.columns + c) < dropped ? 0 : get(x, r, c) / (1 - rate)));
};

/** The share of the target that falls on a class. */
function target(label: number, column: number, classes: number, smoothing: number): number {
  return smoothing / classes + (column === label ? 1 - smoothing : 0);
}

function logSumExp(x: Operand, r: number): number {
  let largest = -Infinity;
  for (let c = 0; c < x.columns; c++) largest = Math.max(largest, get(x, r, c));
  return largest + Math.log(sum(x.columns, (c) => Math.exp(get(x, r, c) - largest)));
}

export const crossEntropy: ReferenceKernel<"crossEntropy"> = ({ logits, labels }, { y }, { smoothing }) => {
  fill(y, (r) => {
    const label = labels.data[labels.start + r] as number;
    if (label < 0) return 0;
    const total = logSumExp(logits, r);
    return sum(logits.columns, (c) => target(label, c, logits.columns, smoothing) * (total - get(logits, r, c)));
  });
};

export const crossEntropyGradient: ReferenceKernel<"crossEntropyGradient"> = (
  { logits, labels, gradient },
  { y },
  { smoothing },
) => {
  for (let r = 0; r < logits.rows; r++) {
    const label = labels.data[labels.start + r] as number;
    const total = logSumExp(logits, r);
    for (let c = 0; c < logits.columns; c++) {
      const difference = Math.exp(get(logits, r, c) - total) - target(label, c, logits.columns, smoothing);
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

/** Parameters are inputs that the steps below change. */
function mutable(operand: Operand): Matrix {
  return operand as Matrix;
}

export const accumulate: ReferenceKernel<"accumulate"> = ({ state, x }, { y }) => {
  fill(mutable(state), (r, c) => get(state, r, c) + get(x, r, c));
  set(y, 0, 0, 0);
};

// What stays between steps is f32, as files keep it: a run that goes on from a checkpoint has the same bits.
export const adamW: ReferenceKernel<"adamW"> = (inputs, { y }, { rateFactor, decayFactor }) => {
  const { parameter, gradient, first, second, settings } = inputs;
  const [scale, rate, beta1, beta2, epsilon, decay, correction1, correction2, isOn] = Array.from(
    { length: 9 },
    (_, i) => settings.data[settings.start + i] as number,
  ) as [number, number, number, number, number, number, number, number, number];
  for (let r = 0; r < parameter.rows; r++) {
    for (let c = 0; c < parameter.columns; c++) {
      const g = get(gradient, r, c) * scale;
      set(mutable(gradient), r, c, 0);
      if (isOn === 0) continue;
      const m = beta1 * get(first, r, c) + (1 - beta1) * g;
      const v = beta2 * get(second, r, c) + (1 - beta2) * g * g;
      set(mutable(first), r, c, Math.fround(m));
      set(mutable(second), r, c, Math.fround(v));
      const step = (rate * rateFactor) as number;
      const decayed = get(parameter, r, c) * (1 - step * decay * decayFactor);
      const update = m / correction1 / (Math.sqrt(v / correction2) + epsilon);
      set(mutable(parameter), r, c, Math.fround(decayed - step * update));
    }
  }
  set(y, 0, 0, 0);
};

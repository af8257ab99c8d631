import type { ReferenceKernel } from "../kernel.ts";
import { fill, get, type Matrix, set, sum } from "../matrix.ts";

type Operand = Matrix<ArrayLike<number>>;

export const layerNorm: ReferenceKernel<"layerNorm"> = ({ x, weight, bias }, { y }, { epsilon }) => {
  layerNormRows(x, y, weight, bias, epsilon);
};

/** Layer norm from x to y, which may be the same matrix. */
export function layerNormRows(
  x: Operand,
  y: Matrix,
  weight: Operand | undefined,
  bias: Operand | undefined,
  epsilon: number,
): void {
  for (let r = 0; r < x.rows; r++) {
    const mean = sum(x.columns, (c) => get(x, r, c)) / x.columns;
    const variance = sum(x.columns, (c) => (get(x, r, c) - mean) ** 2) / x.columns;
    const factor = 1 / Math.sqrt(variance + epsilon);
    for (let c = 0; c < x.columns; c++) {
      const scaled = (get(x, r, c) - mean) * factor * (weight ? get(weight, 0, c) : 1);
      set(y, r, c, scaled + (bias ? get(bias, 0, c) : 0));
    }
  }
}

export const rmsNorm: ReferenceKernel<"rmsNorm"> = ({ x, weight }, { y }, { epsilon }) => {
  for (let r = 0; r < x.rows; r++) {
    const factor = 1 / Math.sqrt(sum(x.columns, (c) => get(x, r, c) ** 2) / x.columns + epsilon);
    for (let c = 0; c < x.columns; c++) set(y, r, c, get(x, r, c) * factor * (weight ? get(weight, 0, c) : 1));
  }
};

export const normalize: ReferenceKernel<"normalize"> = ({ x }, { y }, { epsilon }) => {
  for (let r = 0; r < x.rows; r++) {
    const length = Math.max(epsilon, Math.sqrt(sum(x.columns, (c) => get(x, r, c) ** 2)));
    for (let c = 0; c < x.columns; c++) set(y, r, c, get(x, r, c) / length);
  }
};

export const softmax: ReferenceKernel<"softmax"> = ({ x }, { y }) => {
  const logarithms = rowLogSums(x);
  fill(y, (r, c) => Math.exp(get(x, r, c) - (logarithms[r] as number)));
};

export const logSoftmax: ReferenceKernel<"logSoftmax"> = ({ x }, { y }) => {
  const logarithms = rowLogSums(x);
  fill(y, (r, c) => get(x, r, c) - (logarithms[r] as number));
};

/** log(sum(exp)) of each row. */
function rowLogSums(x: Operand): Float64Array {
  return Float64Array.from({ length: x.rows }, (_, r) => {
    let largest = -Infinity;
    for (let c = 0; c < x.columns; c++) largest = Math.max(largest, get(x, r, c));
    return largest + Math.log(sum(x.columns, (c) => Math.exp(get(x, r, c) - largest)));
  });
}

import type { ElementType } from "../../backend.ts";
import type { ReferenceKernel } from "../kernel.ts";
import { fill, get, type Matrix, sum } from "../matrix.ts";
import { narrowRows } from "../narrow.ts";
import { activate } from "./activations.ts";

export const linear: ReferenceKernel<"linear"> = (inputs, { y }, { activation, precision }) => {
  const { x, bias, residual } = inputs;
  const weight =
    precision === "bf16" && (inputs.weight.type ?? "f32") === "f32" ? narrowed(inputs.weight, "bf16") : inputs.weight;
  const left = narrowed(x, weight.type ?? "f32");
  fill(y, (r, n) => {
    const product = sum(x.columns, (k) => get(left, r, k) * get(weight, n, k));
    const activated = activate[activation](product + (bias ? get(bias, 0, n) : 0));
    return activated + (residual ? get(residual, r, n) : 0);
  });
};

/** Rows of x as they meet a weight of that type: rounded to bf16, or in whole steps of 1/127 of the row's largest. */
function narrowed(x: Matrix<ArrayLike<number>>, type: ElementType): Matrix<ArrayLike<number>> {
  if (type === "f32") return x;
  const copy = { data: new Float64Array(x.rows * x.columns), start: 0, rows: x.rows, columns: x.columns };
  const matrix = { ...copy, stride: x.columns, type };
  fill(matrix, (r, c) => get(x, r, c));
  narrowRows(matrix.data, x.columns, type);
  return matrix;
}

export const matmul: ReferenceKernel<"matmul"> = (inputs, { y }, { transposeA, transposeB, precision }) => {
  const [a, b] = [narrowed(inputs.a, precision), narrowed(inputs.b, precision)];
  const inner = transposeA ? a.rows : a.columns;
  fill(y, (r, c) =>
    sum(inner, (k) => (transposeA ? get(a, k, r) : get(a, r, k)) * (transposeB ? get(b, c, k) : get(b, k, c))),
  );
};

import type { ReferenceKernel } from "../kernel.ts";
import { fill, get, sum } from "../matrix.ts";
import { activate } from "./activations.ts";

export const linear: ReferenceKernel<"linear"> = ({ x, weight, bias, residual }, { y }, { activation }) => {
  fill(y, (r, n) => {
    const product = sum(x.columns, (k) => get(x, r, k) * get(weight, n, k));
    const activated = activate[activation](product + (bias ? get(bias, 0, n) : 0));
    return activated + (residual ? get(residual, r, n) : 0);
  });
};

export const matmul: ReferenceKernel<"matmul"> = ({ a, b }, { y }, { transposeA, transposeB }) => {
  const inner = transposeA ? a.rows : a.columns;
  fill(y, (r, c) =>
    sum(inner, (k) => (transposeA ? get(a, k, r) : get(a, r, k)) * (transposeB ? get(b, c, k) : get(b, k, c))),
  );
};

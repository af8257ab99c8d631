import type { OpDefinition, Value } from "../graph.ts";
import { columnsOf, required, rowsOf, shapeError } from "../shape.ts";

const op: OpDefinition<"matmul"> = {
  name: "matmul",
  shape(inputs, { transposeA, transposeB }) {
    const a = required("matmul", "a", inputs.a);
    const b = required("matmul", "b", inputs.b);
    const [rows, inner] = transposeA ? [columnsOf(a), rowsOf(a)] : [rowsOf(a), columnsOf(a)];
    const [innerB, columns] = transposeB ? [columnsOf(b), rowsOf(b)] : [rowsOf(b), columnsOf(b)];
    if (inner !== innerB) throw shapeError("matmul", "the inner sizes differ", inputs);
    if (typeof columns !== "number") throw shapeError("matmul", "the result needs a fixed number of columns", inputs);
    return [rows, columns];
  },
  gradient({ inputs, attributes, wants }, gradient) {
    const [a, b] = [required("matmul", "a", inputs.a), required("matmul", "b", inputs.b)];
    const transposeA = attributes.transposeA === 1;
    const transposeB = attributes.transposeB === 1;
    const ofA = () =>
      transposeA
        ? matmul(b, gradient, { transposeA: transposeB, transposeB: true })
        : matmul(gradient, b, { transposeB: !transposeB });
    const ofB = () =>
      transposeB
        ? matmul(gradient, a, { transposeA: true, transposeB: transposeA })
        : matmul(a, gradient, { transposeA: !transposeA });
    return { a: wants("a") ? ofA() : undefined, b: wants("b") ? ofB() : undefined };
  },
};

/** op(a) . op(b) of two values; the flags (default false) transpose first. */
export function matmul(a: Value, b: Value, options: { transposeA?: boolean; transposeB?: boolean } = {}): Value {
  const { transposeA = false, transposeB = false } = options;
  const attributes = { transposeA: Number(transposeA), transposeB: Number(transposeB), precision: "f32" } as const;
  return a.graph.add(op, { a, b }, attributes);
}

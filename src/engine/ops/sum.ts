import type { OpDefinition, Value } from "../graph.ts";
import { columnsOf, required, rowsOf, sameShape } from "../shape.ts";
import { matmul } from "./matmul.ts";

const sumRowsOp: OpDefinition<"sumRows"> = {
  name: "sumRows",
  shape: (inputs) => [columnsOf(required("sumRows", "x", inputs.x))],
};

/** The sum of the rows of x[R, D] -> [D] */
export function sumRows(x: Value): Value {
  return x.graph.add(sumRowsOp, { x }, {});
}

/** The sum of the columns of x[R, D] -> [R, 1] */
export function sumColumns(x: Value): Value {
  const columns = columnsOf(x);
  const ones = x.graph.constant(`${columns} ones`, new Float32Array(columns).fill(1), [columns, 1]);
  return matmul(x, ones);
}

/** The gradient of an operand that was broadcast: summed over the rows or columns along which it was repeated. */
export function reduceLike(gradient: Value, operand: Value): Value {
  if (sameShape(gradient, operand)) return gradient;
  return rowsOf(operand) === 1 && columnsOf(operand) === columnsOf(gradient) ? sumRows(gradient) : sumColumns(gradient);
}

const rowSquaresOp: OpDefinition<"rowSquares"> = {
  name: "rowSquares",
  shape: (inputs) => [rowsOf(required("rowSquares", "x", inputs.x)), 1],
};

/** The sum of the squares of each row of x[R, D] -> [R, 1] */
export function rowSquares(x: Value): Value {
  return x.graph.add(rowSquaresOp, { x }, {});
}

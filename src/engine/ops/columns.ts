import type { OpDefinition, Value } from "../graph.ts";
import { columnsOf, required, rowsOf, shapeError } from "../shape.ts";

const sliceOp: OpDefinition<"slice"> = {
  name: "slice",
  shape(inputs, { start, count }) {
    const x = required("slice", "x", inputs.x);
    if (start < 0 || count < 1 || start + count > columnsOf(x)) {
      throw shapeError("slice", `columns ${start} to ${start + count} are not all there`, inputs);
    }
    return [rowsOf(x), count];
  },
  gradient({ inputs, attributes }, gradient) {
    return { x: padColumns(gradient, attributes.start, columnsOf(required("slice", "x", inputs.x))) };
  },
};

const padColumnsOp: OpDefinition<"padColumns"> = {
  name: "padColumns",
  shape: (inputs, { columns }) => [rowsOf(required("padColumns", "x", inputs.x)), columns],
};

/** x[R, count] as columns `start` ... of a matrix that is 0 elsewhere -> [R, columns] */
function padColumns(x: Value, start: number, columns: number): Value {
  return x.graph.add(padColumnsOp, { x }, { start, columns });
}

/** Columns start ... start + count of x[R, D] -> [R, count]. Costs nothing where the reader can stride. */
export function slice(x: Value, start: number, count: number): Value {
  return x.graph.add(sliceOp, { x }, { start, count });
}

const concatOp: OpDefinition<"concat"> = {
  name: "concat",
  shape(inputs) {
    const a = required("concat", "a", inputs.a);
    const parts = [inputs.a, inputs.b, inputs.c, inputs.d].filter((part) => part !== undefined);
    if (parts.some((part) => rowsOf(part) !== rowsOf(a))) throw shapeError("concat", "all need the same rows", inputs);
    return [rowsOf(a), parts.reduce((sum, part) => sum + columnsOf(part), 0)];
  },
  gradient({ inputs }, gradient) {
    let start = 0;
    const next = (part: Value | undefined) => {
      if (part === undefined) return undefined;
      start += columnsOf(part);
      return slice(gradient, start - columnsOf(part), columnsOf(part));
    };
    return { a: next(inputs.a), b: next(inputs.b), c: next(inputs.c), d: next(inputs.d) };
  },
};

/** Two to four matrices side by side. */
export function concat(a: Value, b: Value, c?: Value, d?: Value): Value {
  return a.graph.add(concatOp, { a, b, c, d }, {});
}

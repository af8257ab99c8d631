import type { OpDefinition, Value } from "../graph.ts";
import { required } from "../shape.ts";

const op: OpDefinition<"shiftRows"> = {
  name: "shiftRows",
  shape(inputs) {
    required("shiftRows", "offsets", inputs.offsets);
    return required("shiftRows", "x", inputs.x).shape;
  },
  gradient({ inputs, attributes }, gradient) {
    return { x: shiftRows(gradient, required("shiftRows", "offsets", inputs.offsets), -attributes.by) };
  },
};

/** y[t] = x[t + by] where that is a token of the same text, else zeros. Convolutions compose from it. */
export function shiftRows(x: Value, offsets: Value, by: number): Value {
  return by === 0 ? x : x.graph.add(op, { x, offsets }, { by });
}

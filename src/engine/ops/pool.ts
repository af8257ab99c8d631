import type { Pooling } from "../../backends/op-table.ts";
import type { OpDefinition, Value } from "../graph.ts";
import { columnsOf, required } from "../shape.ts";

const op: OpDefinition<"pool"> = {
  name: "pool",
  shape(inputs) {
    required("pool", "offsets", inputs.offsets);
    return ["texts", columnsOf(required("pool", "x", inputs.x))];
  },
  gradient: ({ inputs, attributes }, gradient) => ({
    x: gradient.graph.add(gradientOp, { ...inputs, gradient }, attributes),
  }),
};

const gradientOp: OpDefinition<"poolGradient"> = {
  name: "poolGradient",
  shape: (inputs) => required("poolGradient", "x", inputs.x).shape,
};

/** One vector a text: x[T, D], offsets[B + 1] -> [B, D]. Tokens whose mask[T] is 0 are left out. */
export function pool(x: Value, offsets: Value, pooling: Pooling, mask?: Value): Value {
  return x.graph.add(op, { x, offsets, mask }, { pooling });
}

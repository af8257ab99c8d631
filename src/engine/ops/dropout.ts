import type { OpDefinition, Value } from "../graph.ts";
import { required } from "../shape.ts";

const op: OpDefinition<"dropout"> = {
  name: "dropout",
  shape: (inputs) => required("dropout", "x", inputs.x).shape,
  gradient({ inputs, attributes }, gradient) {
    return { x: gradient.graph.add(op, { x: gradient, seed: inputs.seed }, attributes) };
  },
};

/**
 * x with each number dropped with probability `rate`, the others scaled by 1 / (1 - rate). Which ones depends on
 * `seed`[1], `stream` and the number's place alone: the same on every backend and for any number of threads.
 *
 * @param stream another one for every place in a model
 */
export function dropout(x: Value, seed: Value, rate: number, stream: number): Value {
  return rate === 0 ? x : x.graph.add(op, { x, seed }, { rate, stream });
}

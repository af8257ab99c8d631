import type { Activation } from "../../backends/op-table.ts";
import type { OpDefinition, Value } from "../graph.ts";
import { columnsOf, required, rowsOf, shapeError } from "../shape.ts";

const op: OpDefinition<"linear"> = {
  name: "linear",
  shape(inputs) {
    const x = required("linear", "x", inputs.x);
    const weight = required("linear", "weight", inputs.weight);
    const outputs = weight.shape[0] as number;
    if (weight.shape.length !== 2 || columnsOf(x) !== weight.shape[1]) {
      throw shapeError("linear", "x needs as many columns as weight", inputs);
    }
    if (inputs.bias !== undefined && columnsOf(inputs.bias) !== outputs) {
      throw shapeError("linear", "bias needs one number per row of weight", inputs);
    }
    if (
      inputs.residual !== undefined &&
      (columnsOf(inputs.residual) !== outputs || rowsOf(inputs.residual) !== rowsOf(x))
    ) {
      throw shapeError("linear", "residual needs the shape of the result", inputs);
    }
    return [rowsOf(x), outputs];
  },
};

/** What a linear does besides multiplying. */
export interface LinearOptions {
  readonly bias?: Value | undefined; // [N]
  /** Applied before the residual is added. Default "none". */
  readonly activation?: Activation;
  readonly residual?: Value | undefined; // [R, N]
}

/** activation(x[R, K] . weight[N, K]^T + bias[N]) + residual[R, N] -> [R, N] */
export function linear(x: Value, weight: Value, options: LinearOptions = {}): Value {
  const { bias, residual, activation = "none" } = options;
  return x.graph.add(op, { x, weight, bias, residual }, { activation });
}

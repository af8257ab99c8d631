import type { Activation } from "../../backends/op-table.ts";
import type { OpDefinition, Value } from "../graph.ts";
import { columnsOf, required, rowsOf, sameShape, shapeError } from "../shape.ts";
import { activation, add } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { sumRows } from "./sum.ts";

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
    return [rowsOf(x), outputs];
  },
  gradient({ inputs, wants }, gradient) {
    const [x, weight] = [required("linear", "x", inputs.x), required("linear", "weight", inputs.weight)];
    return {
      x: wants("x") ? matmul(gradient, weight) : undefined,
      weight: wants("weight") ? matmul(gradient, x, { transposeA: true }) : undefined,
      bias: wants("bias") ? sumRows(gradient) : undefined,
    };
  },
};

/** What a linear does besides multiplying. */
export interface LinearOptions {
  readonly bias?: Value | undefined; // [N]
  /** Applied before the residual is added. Default "none". */
  readonly activation?: Activation;
  readonly residual?: Value | undefined; // [R, N]
}

/**
 * activation(x[R, K] . weight[N, K]^T + bias[N]) + residual[R, N] -> [R, N]. In the graph these are steps of their own, as
 * differentiation wants them; fusion makes one of them.
 */
export function linear(x: Value, weight: Value, options: LinearOptions = {}): Value {
  const { bias, residual, activation: name = "none" } = options;
  const product = activation(x.graph.add(op, { x, weight, bias }, { activation: "none", precision: "f32" }), name);
  if (residual === undefined) return product;
  if (!sameShape(residual, product)) {
    throw shapeError("linear", "residual needs the shape of the result", { x, weight, residual });
  }
  return add(product, residual);
}

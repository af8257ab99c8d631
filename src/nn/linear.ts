import type { Value } from "../engine/graph.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import { columnsOf } from "../engine/shape.ts";

/** x[R, K] by the `weight` [size, K] and `bias` [size] under `p` -> [R, size] */
export function linear(p: ParameterPath, x: Value, size: number, options: { bias?: boolean } = {}): Value {
  const weight = p.weight("weight", [size, columnsOf(x)]);
  return linearOp(x, weight, { bias: (options.bias ?? true) ? p.bias("bias", [size]) : undefined });
}

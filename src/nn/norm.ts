import type { Value } from "../engine/graph.ts";
import { layerNorm as layerNormOp, rmsNorm as rmsNormOp } from "../engine/ops/norm.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import { columnsOf } from "../engine/shape.ts";

/** Layer norm of x[R, D] with the `weight` and `bias` under `p`. */
export function layerNorm(p: ParameterPath, x: Value, epsilon: number, options: { bias?: boolean } = {}): Value {
  const size = [columnsOf(x)];
  return layerNormOp(x, p.gain("weight", size), (options.bias ?? true) ? p.bias("bias", size) : undefined, epsilon);
}

/** RMS norm of x[R, D] with the `weight` under `p`. */
export function rmsNorm(p: ParameterPath, x: Value, epsilon: number): Value {
  return rmsNormOp(x, p.gain("weight", [columnsOf(x)]), epsilon);
}

import type { Value } from "../engine/graph.ts";
import type { Initializer } from "../engine/initializer.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import { columnsOf } from "../engine/shape.ts";

export interface LinearOptions {
  /** Default: true. */
  readonly bias?: boolean;
  /** How the weight starts without a checkpoint. Default: as the model's others. */
  readonly initializer?: Initializer | undefined;
}

/** x[R, K] by the `weight` [size, K] and `bias` [size] under `p` -> [R, size] */
export function linear(p: ParameterPath, x: Value, size: number, options: LinearOptions = {}): Value {
  const weight = p.weight("weight", [size, columnsOf(x)], options.initializer);
  return linearOp(x, weight, { bias: (options.bias ?? true) ? p.bias("bias", [size]) : undefined });
}

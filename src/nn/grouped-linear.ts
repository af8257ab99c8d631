import type { NameRule } from "../checkpoints/name-mapping.ts";
import type { Value } from "../engine/graph.ts";
import { slice } from "../engine/ops/columns.ts";
import { add } from "../engine/ops/elementwise.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import { matmul } from "../engine/ops/matmul.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import { columnsOf } from "../engine/shape.ts";
import { sideBySide } from "./columns.ts";

export interface GroupedLinearOptions {
  readonly groups: number;
  /** How a group's matrix lies: [outputs, inputs] as a convolution's, or [inputs, outputs]. Default "outputs first". */
  readonly order?: "outputs first" | "inputs first";
}

/** Each group of x's columns through a matrix of its own, the results side by side, plus `bias` -> [R, size] */
export function groupedLinear(p: ParameterPath, x: Value, size: number, options: GroupedLinearOptions): Value {
  const { groups, order = "outputs first" } = options;
  const [inputs, outputs] = [columnsOf(x) / groups, size / groups];
  const parts = Array.from({ length: groups }, (_, i) => {
    const part = slice(x, i * inputs, inputs);
    if (order === "outputs first") return linearOp(part, p.weight(groupName("weight", i, groups), [outputs, inputs]));
    return matmul(part, p.weight(groupName("weight", i, groups), [inputs, outputs]));
  });
  return add(sideBySide(parts), p.bias("bias", [size]));
}

/** The file's one tensor at `path` as one matrix a group. */
export function groupRule(path: string, groups: number): NameRule {
  return {
    file: `${path}.weight`,
    canonical: Array.from({ length: groups }, (_, i) => `${path}.${groupName("weight", i, groups)}`),
    squeeze: true,
  };
}

function groupName(name: string, group: number, groups: number): string {
  return groups === 1 ? name : `${group}.${name}`;
}

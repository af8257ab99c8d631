import type { Value } from "../engine/graph.ts";
import { concat } from "../engine/ops/columns.ts";

/** Any number of matrices side by side: `concat` takes four at a time. */
export function sideBySide(parts: readonly Value[]): Value {
  let joined = [...parts];
  while (joined.length > 1) {
    const next: Value[] = [];
    for (let i = 0; i < joined.length; i += 4) {
      const [a, b, c, d] = joined.slice(i, i + 4);
      next.push(b === undefined ? (a as Value) : concat(a as Value, b, c, d));
    }
    joined = next;
  }
  return joined[0] as Value;
}

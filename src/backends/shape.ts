import { BackendError } from "../errors.ts";
import type { Dimension, Shape, SizeName, Sizes } from "./backend.ts";

/** "[tokens, 384]" */
export function showShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/**
 * A dimension as a number.
 *
 * @throws BackendError when the run does not say how large it is.
 */
export function resolveDimension(dimension: Dimension, sizes: Sizes): number {
  if (typeof dimension === "number") return dimension;
  const plusOne = dimension.endsWith("+1");
  const name = (plusOne ? dimension.slice(0, -2) : dimension) as SizeName;
  const size = sizes[name];
  if (size === undefined) throw new BackendError(`The run does not say how many ${name} there are.`);
  return plusOne ? size + 1 : size;
}

/**
 * Every value as a matrix: a vector of fixed size is one row, a vector of free size (ids, offsets) one column, and only
 * rows are free.
 *
 * @throws BackendError when the columns are not a fixed number.
 */
export function asMatrix(shape: Shape): { readonly rows: Dimension; readonly columns: number } {
  const [first = 1, second] = shape;
  if (shape.length < 2) return typeof first === "number" ? { rows: 1, columns: first } : { rows: first, columns: 1 };
  if (typeof second !== "number") throw new BackendError(`A value of shape ${showShape(shape)} has no fixed columns.`);
  return { rows: first, columns: second };
}

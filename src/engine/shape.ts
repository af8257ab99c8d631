import type { Dimension } from "../backends/backend.ts";
import { asMatrix, showShape } from "../backends/shape.ts";
import { InputError } from "../errors.ts";
import type { Value } from "./graph.ts";

/** The error of an operation whose operands do not fit: names the operation and every operand's shape. */
export function shapeError(
  op: string,
  why: string,
  operands: { readonly [slot: string]: Value | undefined },
): InputError {
  const shown = Object.entries(operands)
    .filter((entry): entry is [string, Value] => entry[1] !== undefined)
    .map(([slot, value]) => `${slot} ${showShape(value.shape)}`);
  return new InputError(`${op}: ${why}; got ${shown.join(", ")}.`);
}

/** An operand that the op table does not mark optional. */
export function required(op: string, slot: string, value: Value | undefined): Value {
  if (value === undefined) throw new InputError(`${op}: operand "${slot}" is missing.`);
  return value;
}

/** The rows of a matrix; a vector of fixed size is one row. */
export function rowsOf(value: Value): Dimension {
  return asMatrix(value.shape).rows;
}

/** The columns of a matrix, always a fixed number; a vector of free size (ids) is one column. */
export function columnsOf(value: Value): number {
  return asMatrix(value.shape).columns;
}

/** Whether two operands have the same rows and columns. */
export function sameShape(a: Pick<Value, "shape">, b: Pick<Value, "shape">): boolean {
  return a.shape.length === b.shape.length && a.shape.every((dimension, i) => dimension === b.shape[i]);
}

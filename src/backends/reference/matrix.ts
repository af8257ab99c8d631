import type { ElementType } from "../backend.ts";

/** A row-major matrix over some array: element (r, c) is data[start + r * stride + c]. A vector of D is one row. */
export interface Matrix<A extends ArrayLike<number> = Float64Array> {
  readonly data: A;
  readonly start: number;
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
  /** What a parameter's numbers are kept in. */
  readonly type?: ElementType;
}

export function get(matrix: Matrix<ArrayLike<number>>, row: number, column: number): number {
  return matrix.data[matrix.start + row * matrix.stride + column] as number;
}

export function set(matrix: Matrix, row: number, column: number, value: number): void {
  matrix.data[matrix.start + row * matrix.stride + column] = value;
}

/** Applies `value(row, column)` to every element. */
export function fill(matrix: Matrix, value: (row: number, column: number) => number): void {
  for (let r = 0; r < matrix.rows; r++) for (let c = 0; c < matrix.columns; c++) set(matrix, r, c, value(r, c));
}

/** The sum of value(0) ... value(count - 1). */
export function sum(count: number, value: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += value(i);
  return total;
}

/** The texts of a packed batch: their first row and the row after their last. */
export function texts(offsets: Matrix<ArrayLike<number>>): { text: number; from: number; to: number }[] {
  const count = offsets.rows * offsets.columns - 1;
  const at = (i: number) => offsets.data[offsets.start + i] as number;
  return Array.from({ length: count }, (_, text) => ({ text, from: at(text), to: at(text + 1) }));
}

import type { ReferenceKernel } from "../kernel.ts";
import { fill, get, type Matrix, set } from "../matrix.ts";
import { layerNormRows } from "./norms.ts";

export const embedding: ReferenceKernel<"embedding"> = ({ table, ids }, { y }) => {
  fill(y, (r, c) => get(table, id(ids, r), c));
};

export const gatherRows: ReferenceKernel<"gatherRows"> = ({ x, index }, { y }) => {
  fill(y, (r, c) => get(x, id(index, r), c));
};

export const embeddingSum: ReferenceKernel<"embeddingSum"> = (inputs, { y }, { epsilon }) => {
  const { table0, ids0, table1, ids1, table2, ids2, table3, ids3, weight, bias } = inputs;
  const pairs = [
    [table0, ids0],
    [table1, ids1],
    [table2, ids2],
    [table3, ids3],
  ] as const;
  fill(y, (r, c) => pairs.reduce((total, [table, ids]) => total + (table && ids ? get(table, id(ids, r), c) : 0), 0));
  if (weight !== undefined || bias !== undefined) layerNormRows(y, y, weight, bias, epsilon);
};

export const concat: ReferenceKernel<"concat"> = ({ a, b, c, d }, { y }) => {
  let start = 0;
  for (const part of [a, b, c, d]) {
    if (part === undefined) continue;
    for (let r = 0; r < y.rows; r++) {
      for (let column = 0; column < part.columns; column++) set(y, r, start + column, get(part, r, column));
    }
    start += part.columns;
  }
};

export const slice: ReferenceKernel<"slice"> = ({ x }, { y }, { start }) => {
  fill(y, (r, c) => get(x, r, start + c));
};

/** Ids are a column of numbers, whatever the shape that holds them. */
function id(ids: Matrix<ArrayLike<number>>, i: number): number {
  return ids.data[ids.start + i] as number;
}

import type { ReferenceKernel } from "../kernel.ts";
import { fill, get, type Matrix, set, sum, texts } from "../matrix.ts";

export const pool: ReferenceKernel<"pool"> = ({ x, offsets, mask }, { y }, { pooling }) => {
  for (const { text, from, to } of texts(offsets)) {
    const rows: number[] = [];
    for (let row = from; row < to; row++) if (mask === undefined || mask.data[mask.start + row] !== 0) rows.push(row);
    for (let c = 0; c < x.columns; c++)
      set(
        y,
        text,
        c,
        poolColumn(rows, (row) => get(x, row, c), pooling, from),
      );
  }
};

/** One column of one text; 0 when no token is left. */
function poolColumn(rows: readonly number[], at: (row: number) => number, pooling: string, from: number): number {
  if (rows.length === 0) return 0;
  const total = rows.reduce((sum, row) => sum + at(row), 0);
  switch (pooling) {
    case "cls":
      return at(rows[0] as number);
    case "lastToken":
      return at(rows.at(-1) as number);
    case "max":
      return Math.max(...rows.map(at));
    case "meanSqrt":
      return total / Math.sqrt(rows.length);
    case "weightedMean": {
      const weights = rows.map((row) => row - from + 1);
      return (
        rows.reduce((sum, row, i) => sum + at(row) * (weights[i] as number), 0) / weights.reduce((a, b) => a + b, 0)
      );
    }
    default:
      return total / rows.length;
  }
}

/** What each row adds to its text's pooled number: the derivative of `poolColumn`. */
export function poolWeights(
  rows: readonly number[],
  at: (row: number) => number,
  pooling: string,
  from: number,
): number[] {
  const only = (chosen: number) => rows.map((_, i) => (i === chosen ? 1 : 0));
  switch (pooling) {
    case "cls":
      return only(0);
    case "lastToken":
      return only(rows.length - 1);
    case "max":
      return only(rows.reduce((best, row, i) => (at(row) > at(rows[best] as number) ? i : best), 0));
    case "meanSqrt":
      return rows.map(() => 1 / Math.sqrt(rows.length));
    case "weightedMean": {
      const total = rows.reduce((sum, row) => sum + row - from + 1, 0);
      return rows.map((row) => (row - from + 1) / total);
    }
    default:
      return rows.map(() => 1 / rows.length);
  }
}

export const shiftRows: ReferenceKernel<"shiftRows"> = ({ x, offsets }, { y }, { by }) => {
  for (const { from, to } of texts(offsets)) {
    for (let row = from; row < to; row++) {
      const source = row + by;
      for (let c = 0; c < x.columns; c++) set(y, row, c, source >= from && source < to ? get(x, source, c) : 0);
    }
  }
};

export const fourier: ReferenceKernel<"fourier"> = ({ x, offsets }, { y }) => {
  const columns = transform(x, x.columns, (row, c) => get(x, row, c));
  for (const { from, to } of texts(offsets)) {
    const length = to - from;
    for (let row = from; row < to; row++) {
      for (let c = 0; c < x.columns; c++) {
        const value = sum(length, (t) => {
          const angle = (-2 * Math.PI * (((row - from) * t) % length)) / length;
          const at = (from + t) * x.columns + c;
          return (columns.real[at] as number) * Math.cos(angle) - (columns.imaginary[at] as number) * Math.sin(angle);
        });
        set(y, row, c, value);
      }
    }
  }
};

/** The transform along the columns of every row. */
function transform(x: Matrix<ArrayLike<number>>, size: number, at: (row: number, column: number) => number) {
  const real = { data: new Float64Array(x.rows * size), start: 0, rows: x.rows, columns: size, stride: size };
  const imaginary = { ...real, data: new Float64Array(x.rows * size) };
  const angle = (c: number, k: number) => (-2 * Math.PI * ((c * k) % size)) / size;
  fill(real, (row, k) => sum(size, (c) => at(row, c) * Math.cos(angle(c, k))));
  fill(imaginary, (row, k) => sum(size, (c) => at(row, c) * Math.sin(angle(c, k))));
  return { real: real.data, imaginary: imaginary.data };
}

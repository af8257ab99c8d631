import type { ReferenceKernel } from "../kernel.ts";
import { fill, get, type Matrix } from "../matrix.ts";
import { activate } from "./activations.ts";

export const add: ReferenceKernel<"add"> = ({ a, b }, { y }) => {
  fill(y, (r, c) => get(a, r, c) + broadcast(b, r, c));
};

export const multiply: ReferenceKernel<"multiply"> = ({ a, b }, { y }) => {
  fill(y, (r, c) => get(a, r, c) * broadcast(b, r, c));
};

/** b as a row when it has one row, as a column when it has one column. */
function broadcast(b: Matrix<ArrayLike<number>>, row: number, column: number): number {
  return get(b, b.rows === 1 ? 0 : row, b.columns === 1 ? 0 : column);
}

export const affine: ReferenceKernel<"affine"> = ({ x }, { y }, { factor, term }) => {
  fill(y, (r, c) => get(x, r, c) * factor + term);
};

export const activation: ReferenceKernel<"activation"> = ({ x }, { y }, attributes) => {
  fill(y, (r, c) => activate[attributes.activation](get(x, r, c)));
};

export const gatedUnit: ReferenceKernel<"gatedUnit"> = ({ x }, { y }, attributes) => {
  const activated = attributes.activated === "first" ? 0 : y.columns;
  fill(y, (r, c) => activate[attributes.activation](get(x, r, activated + c)) * get(x, r, y.columns - activated + c));
};

export const rotary: ReferenceKernel<"rotary"> = ({ x, positions, frequencies, table }, { y }, attributes) => {
  const { heads, interleaved, scale, inverse } = attributes;
  const size = x.columns / heads;
  const pairs = frequencies?.columns ?? (table?.columns ?? 0) / 2;
  fill(y, (r, column) => {
    const within = column % size;
    if (within >= 2 * pairs) return get(x, r, column);
    const pair = interleaved ? within >> 1 : within % pairs;
    const isSecond = interleaved ? within % 2 === 1 : within >= pairs;
    const distance = interleaved ? 1 : pairs;
    const position = positions.data[positions.start + r] as number;
    const angle = frequencies ? position * get(frequencies, 0, pair) : 0;
    const sine = table ? get(table, position, pair) : Math.sin(angle);
    const cosine = table ? get(table, position, pairs + pair) : Math.cos(angle);
    const partner = get(x, r, isSecond ? column - distance : column + distance);
    const turned = (isSecond ? partner : -partner) * (inverse === 1 ? -sine : sine);
    return scale * (get(x, r, column) * cosine + turned);
  });
};

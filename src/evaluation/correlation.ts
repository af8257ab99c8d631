/** How far two lists of numbers rise and fall together. */
import { InputError } from "../errors.ts";

/** Pearson's r: 1 where y is a rising line over x, -1 where it is a falling one, NaN where one of them never changes. */
export function pearson(x: readonly number[], y: readonly number[]): number {
  checkPairs(x, y);
  const meanX = mean(x);
  const meanY = mean(y);
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const dx = (x[i] as number) - meanX;
    const dy = (y[i] as number) - meanY;
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xy / Math.sqrt(xx * yy);
}

/** Spearman's rho: Pearson's r of the ranks; equal values share the mean of theirs. */
export function spearman(x: readonly number[], y: readonly number[]): number {
  checkPairs(x, y);
  return pearson(ranks(x), ranks(y));
}

/** From 1 for the smallest. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number));
  const result = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    const value = values[order[from] as number];
    let to = from + 1;
    while (to < order.length && values[order[to] as number] === value) to++;
    for (const i of order.slice(from, to)) result[i] = (from + 1 + to) / 2;
    from = to;
  }
  return result;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function checkPairs(x: readonly number[], y: readonly number[]): void {
  if (x.length !== y.length) {
    throw new InputError(`Cannot correlate ${x.length} values with ${y.length}; expected as many of each.`);
  }
}

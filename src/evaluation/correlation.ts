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

/**
 * Kendall's tau-b: pairs in the same order minus pairs in the other, over all pairs that are not tied, ties of either
 * side counted apart; NaN where one side never changes. In O(n log n): sorted by x, the swaps that sort y are counted.
 * Source: Knight, "A Computer Method for Calculating Kendall's Tau with Ungrouped Data", 1966.
 */
export function kendall(x: readonly number[], y: readonly number[]): number {
  checkPairs(x, y);
  const order = x.map((_, i) => i).sort((a, b) => x[a]! - x[b]! || y[a]! - y[b]!);
  const pairs = (x.length * (x.length - 1)) / 2;
  const tiedX = tiedPairs(order, (a, b) => x[a] === x[b]);
  const tiedBoth = tiedPairs(order, (a, b) => x[a] === x[b] && y[a] === y[b]);
  const values = Float64Array.from(order, (i) => y[i]!);
  const swaps = sortCountingSwaps(values);
  const tiedY = tiedPairs([...values.keys()], (a, b) => values[a] === values[b]);
  return (pairs - tiedX - tiedY + tiedBoth - 2 * swaps) / Math.sqrt((pairs - tiedX) * (pairs - tiedY));
}

/** Pairs within runs of equal neighbours. */
function tiedPairs(order: readonly number[], isEqual: (a: number, b: number) => boolean): number {
  let [pairs, run] = [0, 0];
  for (let i = 1; i < order.length; i++) {
    run = isEqual(order[i - 1]!, order[i]!) ? run + 1 : 0;
    pairs += run;
  }
  return pairs;
}

/** Sorts in place by merging and counts the pairs that stood the wrong way round. */
function sortCountingSwaps(values: Float64Array): number {
  if (values.length < 2) return 0;
  const middle = values.length >> 1;
  const [left, right] = [values.slice(0, middle), values.slice(middle)];
  let swaps = sortCountingSwaps(left) + sortCountingSwaps(right);
  for (let i = 0, l = 0, r = 0; i < values.length; i++) {
    if (r === right.length || (l < left.length && left[l]! <= right[r]!)) values[i] = left[l++]!;
    else {
      values[i] = right[r++]!;
      swaps += left.length - l;
    }
  }
  return swaps;
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

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function checkPairs(x: readonly number[], y: readonly number[]): void {
  if (x.length !== y.length) {
    throw new InputError(`Cannot correlate ${x.length} values with ${y.length}; expected as many of each.`);
  }
}

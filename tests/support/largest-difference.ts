/** The largest distance between numbers at the same places; infinite where the shapes differ or one is not a number. */
export function largestDifference(
  actual: readonly ArrayLike<number>[],
  expected: readonly ArrayLike<number>[],
): number {
  if (actual.length !== expected.length) return Infinity;
  return Math.max(0, ...actual.map((row, i) => rowDifference(row, expected[i] as ArrayLike<number>)));
}

function rowDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    largest = Number.isNaN(difference) ? Infinity : Math.max(largest, difference);
  }
  return largest;
}

/** Milliseconds of every repeat, by side; repeat r of all sides ran one after another. */
export type Timings<Side extends string> = Record<Side, number[]>;

/**
 * Runs the sides in turn, `repeats` times, after one round that is not counted. Turns alternate in direction, so that
 * neither side always runs first, and slow drifts of the machine fall on both alike.
 *
 * @param sides each returns the milliseconds that its work took
 */
export async function interleave<Side extends string>(
  repeats: number,
  sides: Record<Side, () => Promise<number>>,
): Promise<Timings<Side>> {
  const names = Object.keys(sides) as Side[];
  const timings = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Timings<Side>;
  for (const name of names) await sides[name]();
  for (let repeat = 0; repeat < repeats; repeat++) {
    const order = repeat % 2 === 0 ? names : names.toReversed();
    for (const name of order) timings[name].push(await sides[name]());
  }
  return timings;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

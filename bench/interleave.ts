import { median } from "../src/cli/bench/interleave.ts";

export { interleave, median, type Timings } from "../src/cli/bench/interleave.ts";

/** How many times faster `ours` is than `theirs`: of the medians, and in the worst pair of repeats. */
export function speedup(theirs: readonly number[], ours: readonly number[]): { ratio: number; worst: number } {
  const pairs = theirs.map((time, repeat) => time / ours[repeat]!);
  return { ratio: median(theirs) / median(ours), worst: Math.min(...pairs) };
}

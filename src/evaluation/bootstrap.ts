import { InputError } from "../errors.ts";

/** How `bootstrapInterval` draws. */
export interface BootstrapOptions {
  /** The share of resamples within the interval. Default: 0.95. */
  readonly confidence?: number | undefined;
  /** Resamples. Default: 1,000. */
  readonly resamples?: number | undefined;
}

/** The bounds of a confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * A confidence interval of a metric by the bootstrap: rows are drawn with replacement, the metric is taken of each
 * resample, and its quantiles bound the interval. Draws on which the metric is undefined (NaN, or an error because one
 * class is missing) are left out. Source: Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979.
 *
 * @param count rows of the split
 * @param measure the metric of the rows with these indices
 * @param uniform number `i` of a seeded stream in [0, 1): the same stream gives the same interval
 * @throws InputError when there are no rows, or the metric is undefined on every draw.
 */
export function bootstrapInterval(
  count: number,
  measure: (rows: Int32Array) => number,
  uniform: (counter: number) => number,
  { confidence = 0.95, resamples = 1000 }: BootstrapOptions = {},
): Interval {
  if (count === 0) throw new InputError("There are no rows to draw from: the split is empty.");
  const values: number[] = [];
  const rows = new Int32Array(count);
  for (let draw = 0; draw < resamples; draw++) {
    for (let i = 0; i < count; i++) rows[i] = Math.floor(uniform(draw * count + i) * count);
    const value = measureOrNaN(measure, rows);
    if (!Number.isNaN(value)) values.push(value);
  }
  if (values.length === 0) throw new InputError(`The metric is undefined on all ${resamples} draws of ${count} rows.`);
  values.sort((a, b) => a - b);
  const margin = (1 - confidence) / 2;
  return { low: quantile(values, margin), high: quantile(values, 1 - margin) };
}

function measureOrNaN(measure: (rows: Int32Array) => number, rows: Int32Array): number {
  try {
    return measure(rows);
  } catch (error) {
    if (error instanceof InputError) return Number.NaN;
    throw error;
  }
}

/** Between the two neighbours of its place, by distance. */
function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)]!;
  return below + (sorted[Math.ceil(place)]! - below) * (place - Math.floor(place));
}

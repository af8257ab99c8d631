import { InputError } from "../errors.ts";
import type { Metrics } from "./reports.ts";

const RESAMPLES = 1000;

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
  options: BootstrapOptions = {},
): Interval {
  const { metric } = bootstrapIntervals(count, (rows) => ({ metric: measure(rows) }), uniform, options);
  if (metric !== undefined) return metric;
  throw new InputError(`The metric is undefined on all ${options.resamples ?? RESAMPLES} draws of ${count} rows.`);
}

/**
 * The intervals of several metrics from the same draws, as `bootstrapInterval` makes one; a metric that is undefined on
 * every draw has none.
 *
 * @param measure the metrics of the rows with these indices
 * @throws InputError when there are no rows.
 */
export function bootstrapIntervals(
  count: number,
  measure: (rows: Int32Array) => Metrics,
  uniform: (counter: number) => number,
  { confidence = 0.95, resamples = RESAMPLES }: BootstrapOptions = {},
): Readonly<Record<string, Interval>> {
  if (count === 0) throw new InputError("There are no rows to draw from: the split is empty.");
  const drawn = new Map<string, number[]>();
  const rows = new Int32Array(count);
  for (let draw = 0; draw < resamples; draw++) {
    for (let i = 0; i < count; i++) rows[i] = Math.floor(uniform(draw * count + i) * count);
    for (const [name, value] of Object.entries(measureOrNothing(measure, rows))) {
      if (!drawn.has(name)) drawn.set(name, []);
      if (!Number.isNaN(value)) drawn.get(name)!.push(value);
    }
  }
  const margin = (1 - confidence) / 2;
  const defined = [...drawn].filter(([, values]) => values.length > 0);
  return Object.fromEntries(
    defined.map(([name, values]) => {
      values.sort((a, b) => a - b);
      return [name, { low: quantile(values, margin), high: quantile(values, 1 - margin) }];
    }),
  );
}

function measureOrNothing(measure: (rows: Int32Array) => Metrics, rows: Int32Array): Metrics {
  try {
    return measure(rows);
  } catch (error) {
    if (error instanceof InputError) return {};
    throw error;
  }
}

/** Between the two neighbours of its place, by distance. */
function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)]!;
  return below + (sorted[Math.ceil(place)]! - below) * (place - Math.floor(place));
}

import type { Model } from "../models/model.ts";
import type { Encoding } from "../tokenizers/encoding.ts";
import type { Reading } from "./read-input.ts";
import { runEncodings } from "./run-encodings.ts";

interface LogitsOptions {
  readonly signal: AbortSignal;
  readonly batchTokens: number;
  /** Default: "logits". */
  readonly output?: string | undefined;
}

/** The logits of one text, one a label. */
export type Logits = readonly number[];

/** Runs a head that gives each text one row of logits -> those of each window of each reading. */
export async function windowLogits(
  model: Model,
  readings: readonly Reading[],
  { signal, batchTokens, output = "logits" }: LogitsOptions,
): Promise<Logits[][]> {
  const encodings = readings.flatMap(({ windows }) => windows);
  const rows = await runEncodings<Logits>(encodings, {
    model,
    outputs: [output],
    batchTokens,
    signal,
    take: (outputs, { length }) => rowsOf(outputs[output] as Float32Array, length),
  });
  let next = 0;
  return readings.map(({ windows }) => {
    next += windows.length;
    return rows.slice(next - windows.length, next);
  });
}

/** As `windowLogits`; the windows of a text are averaged, each weighted by the tokens of the text that it holds. */
export async function logitsOf(model: Model, readings: readonly Reading[], options: LogitsOptions): Promise<Logits[]> {
  const all = await windowLogits(model, readings, options);
  return readings.map(({ windows }, i) => weightedMean(all[i] as Logits[], windows));
}

function weightedMean(rows: readonly Logits[], windows: readonly Encoding[]): Logits {
  const [first] = rows as [Logits];
  if (rows.length === 1) return first;
  const weights = windows.map(textTokens);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return first.map((_, label) => rows.reduce((sum, row, w) => sum + row[label]! * weights[w]!, 0) / total);
}

/** Tokens that are not special. */
function textTokens({ special }: Encoding): number {
  return special.reduce((sum, isSpecial) => sum + 1 - isSpecial, 0);
}

/** The rows of a matrix. */
function rowsOf(numbers: Float32Array, count: number): number[][] {
  const size = numbers.length / count;
  return Array.from({ length: count }, (_, i) => Array.from(numbers.subarray(i * size, (i + 1) * size)));
}

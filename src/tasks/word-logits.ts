import type { Model } from "../models/model.ts";
import { ROW_OFFSETS, TOKEN_VECTORS } from "../models/word-tail.ts";
import { runEncodings, type TextIds } from "./run-encodings.ts";
import { TimeSlice } from "./time-slice.ts";

/** Logits that are held at once, rows x words: 32 MiB, whatever the vocabulary. */
const CHUNK_NUMBERS = 2 ** 23;

/** Rows of so many words that are held at once. */
export function rowsAtOnce(words: number): number {
  return Math.max(1, Math.floor(CHUNK_NUMBERS / words));
}

export function firstNumbers(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}

/** A text, and the tokens of it for which every word of the vocabulary is scored. */
export interface WordQuery extends TextIds {
  readonly at: readonly number[];
}

interface WordLogitsOptions<Query extends WordQuery, Result> {
  readonly batchTokens: number;
  readonly signal: AbortSignal;
  /** What is kept of the logits of token `query.at[k]`, which are another's afterwards. */
  read(logits: Float32Array, query: Query, k: number): Result; // logits [V]
}

/**
 * Runs texts and scores words for chosen tokens only: the encoder runs once a batch, and the vectors of these tokens then
 * pass the head in chunks of 32 MiB of logits. `model` has the tail `wordTail`.
 *
 * @returns for each query one result for each of its tokens
 */
export function wordLogits<Query extends WordQuery, Result>(
  model: Model,
  queries: readonly Query[],
  { batchTokens, signal, read }: WordLogitsOptions<Query, Result>,
): Promise<Result[][]> {
  return runEncodings<Result[], Query>(queries, {
    model,
    outputs: ["hidden"],
    batchTokens,
    signal,
    async take({ hidden }, chosen, { offsets }) {
      const places = chosen.flatMap((query, i) => query.at.map((at, k) => ({ query, i, k, row: offsets[i]! + at })));
      const vectors = gather(
        hidden as Float32Array,
        places.map(({ row }) => row),
        model.columns("hidden"),
      );
      const results: Result[][] = chosen.map(() => []);
      for await (const { row, logits } of wordRows(model, vectors, signal)) {
        const { query, i, k } = places[row] as (typeof places)[number];
        (results[i] as Result[]).push(read(logits, query, k));
      }
      return results;
    },
  });
}

function gather(numbers: Float32Array, rows: readonly number[], columns: number): Float32Array {
  const gathered = new Float32Array(rows.length * columns);
  rows.forEach((row, i) => {
    gathered.set(numbers.subarray(row * columns, (row + 1) * columns), i * columns);
  });
  return gathered;
}

/** Puts vectors [S, D] through the head, and gives its logits a row at a time. */
async function* wordRows(model: Model, vectors: Float32Array, signal: AbortSignal) {
  const [size, words] = [model.columns("hidden"), model.columns("wordLogits")];
  const [count, atOnce] = [vectors.length / size, rowsAtOnce(words)];
  const slice = new TimeSlice();
  for (let start = 0; start < count; start += atOnce) {
    const rows = Math.min(atOnce, count - start);
    const offsets = firstNumbers(rows + 1); // texts of one token each
    const extra = { [TOKEN_VECTORS]: vectors.slice(start * size, (start + rows) * size), [ROW_OFFSETS]: offsets };
    const batch = { ids: new Int32Array(rows), offsets, rows: firstNumbers(rows), extra };
    const logits = (await model.run(batch, ["wordLogits"], { signal })).wordLogits as Float32Array; // [S, V]
    for (let row = 0; row < rows; row++) {
      yield { row: start + row, logits: logits.subarray(row * words, (row + 1) * words) };
      if (slice.isOver) await slice.yield();
    }
  }
}

/** The logarithm of the sum of the exponentials: of a logit less this the exponential is the probability. */
export function logSumExp(logits: Float32Array): number {
  const largest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
}

/**
 * The highest logits, in order; of the same logit the lower id first.
 *
 * @returns ids, fewer than `count` when there are fewer words
 */
export function highest(logits: Float32Array, count: number): number[] {
  // Few are kept by insertion, many are sorted.
  if (count > 256) {
    return Array.from(firstNumbers(logits.length).sort((a, b) => logits[b]! - logits[a]! || a - b)).slice(0, count);
  }
  const best: number[] = [];
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id]!;
    if (best.length === count && logit <= logits[best[count - 1]!]!) continue;
    let at = best.length;
    while (at > 0 && logits[best[at - 1]!]! < logit) at--;
    best.splice(at, 0, id);
    if (best.length > count) best.pop();
  }
  return best;
}

import type { SparsePooling } from "../checkpoints/sentence-modules.ts";
import type { Model } from "../models/model.ts";
import { ROW_OFFSETS, TOKEN_VECTORS } from "../models/word-tail.ts";
import { firstNumbers, rowsAtOnce } from "./word-logits.ts";

/** What a run of the encoder gave. */
export interface EncodedTexts {
  readonly hidden: Float32Array; // [T, D]
  readonly offsets: Int32Array; // [B + 1]
}

/** Words of the vocabulary, and how much they say of a text. */
export type WordWeights = readonly (readonly [index: number, weight: number])[];

interface WeightOptions {
  readonly pooling: SparsePooling;
  readonly vocabularySize: number;
  readonly signal?: AbortSignal | undefined;
  /** Tokens whose logits are held at once. Default: as many as 32 MiB hold. */
  readonly chunkTokens?: number | undefined;
}

/**
 * Weighs the words of the vocabulary for each text by the logits of its tokens, special ones among them: log(1 +
 * relu(logit)), the largest over the tokens, or their sum. Source: arXiv 2109.10086; SpladePooling of
 * sentence_transformers, sparse_encoder/modules/splade_pooling.py.
 *
 * @returns the words with a weight above 0, in the vocabulary's order, for each text
 */
export async function wordWeights(model: Model, texts: EncodedTexts, options: WeightOptions): Promise<WordWeights[]> {
  const { pooling, vocabularySize: words, signal } = options;
  const { chunkTokens = rowsAtOnce(words) } = options;
  const { hidden, offsets } = texts;
  const size = hidden.length / (offsets.at(-1) as number);
  const output = pooling.strategy === "max" ? "wordMaxima" : "wordLogits";
  const results: WordWeights[] = [];
  const weights = new Float32Array(words); // of the text that is being read
  for (const { start, end, rowOffsets } of chunks(offsets, chunkTokens)) {
    const extra = { [TOKEN_VECTORS]: hidden.slice(start * size, end * size), [ROW_OFFSETS]: rowOffsets };
    const batch = { ids: new Int32Array(end - start), offsets: rowOffsets, rows: firstNumbers(end - start), extra };
    const rows = (await model.run(batch, [output], { signal }))[output] as Float32Array; // [B, V] or [S, V]
    for (let part = 0; part + 1 < rowOffsets.length; part++) {
      const range = output === "wordMaxima" ? [part, part + 1] : rowOffsets.subarray(part, part + 2);
      for (let row = range[0] as number; row < (range[1] as number); row++) {
        fold(weights, rows.subarray(row * words, (row + 1) * words), pooling);
      }
      if (start + (rowOffsets[part + 1] as number) === offsets[results.length + 1]) results.push(takeAway(weights));
    }
  }
  return results;
}

/** A range of the batch's tokens. */
interface Chunk {
  readonly start: number;
  readonly end: number;
  /** Where the parts of texts start in it; the last is its length. */
  readonly rowOffsets: Int32Array;
}

function* chunks(offsets: Int32Array, rows: number): Generator<Chunk> {
  const total = offsets.at(-1) as number;
  for (let start = 0; start < total; start += rows) {
    const end = Math.min(start + rows, total);
    const inside = offsets.filter((offset) => offset > start && offset < end);
    const rowOffsets = Int32Array.from([start, ...inside, end], (bound) => bound - start);
    yield { start, end, rowOffsets };
  }
}

/** Adds a row of logits to a text's weights. Of the largest logit the weight is the largest. */
function fold(weights: Float32Array, logits: Float32Array, { strategy, activation }: SparsePooling): void {
  for (let word = 0; word < logits.length; word++) {
    const logit = logits[word] as number;
    if (logit <= 0) continue;
    const weight = activation === "relu" ? Math.log1p(logit) : Math.log1p(Math.log1p(logit));
    const before = weights[word] as number;
    weights[word] = strategy === "sum" ? before + weight : Math.max(before, weight);
  }
}

/** What a text's words weigh; the weights are zeros afterwards. */
function takeAway(weights: Float32Array): WordWeights {
  const taken: (readonly [number, number])[] = [];
  weights.forEach((weight, word) => {
    if (weight > 0) taken.push([word, weight]);
  });
  weights.fill(0);
  return taken;
}

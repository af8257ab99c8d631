import type { RunOutputs } from "../backends/backend.ts";
import type { Model } from "../models/model.ts";
import { type PackedBatch, pack } from "../models/packed-batch.ts";
import type { Encoding } from "../tokenizers/encoding.ts";
import { tokenBatches } from "./token-batches.ts";

/** What the model reads of a text, or of a window of it. */
export type TextIds = Pick<Encoding, "ids" | "typeIds">;

export interface EncodingRuns<Result, Text extends TextIds = Encoding> {
  readonly model: Model;
  readonly outputs: readonly string[];
  /** Most tokens of one run; a longer encoding runs alone. */
  readonly batchTokens: number;
  readonly signal: AbortSignal;
  /** Adds to a batch what the head needs, such as `rows`. */
  prepare?(batch: PackedBatch, encodings: readonly Text[]): PackedBatch;
  /** What is kept of a run: one result for each encoding. `offsets` [B + 1] says where each one's tokens stand. */
  take(
    outputs: RunOutputs,
    encodings: readonly Text[],
    batch: PackedBatch,
  ): readonly Result[] | Promise<readonly Result[]>;
}

/**
 * Runs the windows of one or several inputs, in as many runs as `batchTokens` asks for, so that memory stays flat however
 * long an input is.
 *
 * @returns one result for each encoding, in their order.
 */
export async function runEncodings<Result, Text extends TextIds = Encoding>(
  encodings: readonly Text[],
  { model, outputs, batchTokens, signal, prepare, take }: EncodingRuns<Result, Text>,
): Promise<Result[]> {
  const results = new Array<Result>(encodings.length);
  const lengths = encodings.map(({ ids }) => ids.length);
  for (const chosen of tokenBatches(lengths, batchTokens)) {
    const together = chosen.map((i) => encodings[i] as Text);
    const packed = pack(together.map(({ ids, typeIds }) => ({ ids, typeIds })));
    const batch = prepare?.(packed, together) ?? packed;
    const taken = await take(await model.run(batch, outputs, { signal }), together, batch);
    chosen.forEach((i, k) => {
      results[i] = taken[k] as Result;
    });
  }
  return results;
}

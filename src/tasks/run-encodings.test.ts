import { expect, test } from "vitest";
import type { Model } from "../models/model.ts";
import type { PackedBatch } from "../models/packed-batch.ts";
import type { Encoding } from "../tokenizers/encoding.ts";
import { runEncodings } from "./run-encodings.ts";

const { signal } = new AbortController();

function encodingOf(...ids: number[]): Encoding {
  return { ids: Int32Array.from(ids), typeIds: new Int32Array(ids.length) } as unknown as Encoding;
}

/** Gives each token's id back, and keeps what it was run with. */
function echo() {
  const batches: PackedBatch[] = [];
  const run = async (batch: PackedBatch) => {
    batches.push(batch);
    return { ids: Float32Array.from(batch.ids) };
  };
  return { model: { run } as unknown as Model, batches };
}

test("an input of any length is run in batches of few tokens, and its results stand in order", async () => {
  const { model, batches } = echo();
  const encodings = Array.from({ length: 400 }, (_, i) => encodingOf(...Array.from({ length: 1 + (i % 50) }, () => i)));
  const results = await runEncodings(encodings, {
    model,
    outputs: ["ids"],
    batchTokens: 64,
    signal,
    take: ({ ids }, together, { offsets }) => together.map((_, i) => ids?.[offsets[i] as number]),
  });
  expect(results).toEqual(encodings.map((_, i) => i));
  expect(Math.max(...batches.map(({ ids }) => ids.length))).toBeLessThanOrEqual(64);
});

test("a batch can be given more before it runs, and its results may take time", async () => {
  const { model, batches } = echo();
  const results = await runEncodings([encodingOf(1, 2), encodingOf(3)], {
    model,
    outputs: ["ids"],
    batchTokens: 64,
    signal,
    prepare: (batch) => ({ ...batch, rows: Int32Array.of(7) }),
    take: async (_, together, { rows }) => together.map(({ ids }) => ids.length * (rows?.[0] as number)),
  });
  expect(results).toEqual([14, 7]);
  expect(batches).toHaveLength(1);
});

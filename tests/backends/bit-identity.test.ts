import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend, Executable } from "../../src/backends/backend.ts";
import { OperandMaker } from "../../src/backends/self-check/operand-maker.ts";
import { runCase } from "../../src/backends/self-check/self-check.ts";
import { trainingCases } from "../../src/backends/self-check/training-cases.ts";
import { runnableForms } from "../support/backends.ts";
import { packTexts, randomTexts, smallEncoder, smallWeights } from "../support/small-encoder.ts";

/** One whose steps are single tiles, and one whose steps divide among threads. */
const PROGRAMS = [
  { hidden: 51, heads: 3, inner: 133, layers: 2, dtype: "f32" },
  { hidden: 260, heads: 4, inner: 777, layers: 1, dtype: "f32" },
  { hidden: 260, heads: 4, inner: 777, layers: 1, dtype: "bf16" },
  { hidden: 260, heads: 4, inner: 777, layers: 1, dtype: "int8" },
  { hidden: 128, heads: 2, inner: 133, layers: 1, dtype: "bf16" },
] as const;

/** Batches that mix single tokens, lengths around the blocks of attention, and longer texts. */
const batches = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 140 })), {
  minLength: 1,
  maxLength: 9,
});

describe.each(runnableForms())("$name", (form) => {
  let backends: Backend[];
  beforeAll(async () => {
    backends = await Promise.all([1, 2].map((threads) => form.start(threads)));
  });
  afterAll(() => Promise.all(backends.map((backend) => backend.close())));

  async function run(executable: Executable, texts: number[][]) {
    const { inputs, sizes } = packTexts(texts);
    const { tokens, embedding } = await executable.run(inputs, sizes);
    return { tokens: bits(tokens), embedding: bits(embedding) };
  }

  test.each(PROGRAMS.filter(({ dtype }) => dtype !== form.wrongIn))(
    "a text's result is that of the text alone, on one thread and on two: $hidden wide, $dtype",
    async (sizes) => {
      const program = smallEncoder(sizes);
      const weights = smallWeights(program);
      const compiled = backends.map((backend) => backend.compile(program, backend.createParameters(weights)));
      const [one, two] = compiled as [Executable, Executable];
      const { hidden } = sizes;
      await fc.assert(
        fc.asyncProperty(batches, fc.integer(), async (lengths, seed) => {
          const texts = randomTexts(lengths, seed);
          const together = await run(two, texts);
          expect(await run(one, texts)).toEqual(together);
          let first = 0;
          for (const [i, text] of texts.entries()) {
            const alone = await run(i % 2 === 0 ? one : two, [text]);
            const rows = together.tokens.subarray(first * hidden, (first + text.length) * hidden);
            expect(alone.tokens).toEqual(rows);
            expect(alone.embedding).toEqual(together.embedding.subarray(i * hidden, (i + 1) * hidden));
            first += text.length;
          }
        }),
        { numRuns: 8, seed: 3 },
      );
    },
  );
});

describe.each(runnableForms())("training: $name", (form) => {
  test("one thread and two compute the same bits", async () => {
    const backends = await Promise.all([1, 2].map((threads) => form.start(threads)));
    for (const testCase of trainingCases(new OperandMaker(7))) {
      const [one, two] = await Promise.all(backends.map((backend) => runCase(backend, testCase)));
      expect(sameBits(one, two), testCase.name).toBe(true);
    }
    await Promise.all(backends.map((backend) => backend.close()));
  });
});

/** Not the numbers: -0 and 0 differ, and so do NaNs. */
function bits(numbers: Float32Array | undefined): Int32Array {
  if (numbers === undefined) throw new Error("an output is missing");
  return new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length);
}

/** `toEqual` looks at millions of numbers one by one. */
function sameBits(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  const [left, right] = [bits(a), bits(b)];
  return left.length === right.length && left.every((word, i) => word === right[i]);
}

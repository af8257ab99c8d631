import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Embedder } from "../../src/tasks/embedder.ts";
import { describeBackends } from "../support/each-backend.ts";
import { eventLoopLag } from "../support/event-loop-lag.ts";
import { hasShared, sharedPath } from "../support/shared.ts";

const MODEL = "goldens/sentences/mean-normalize";
const WORDS = ["a", "man", "is", "playing", "the", "flute", "slowly", "Zürich", "2024", "unbelievably", "👍", ","];

const texts = fc.array(fc.constantFrom(...WORDS), { maxLength: 45 }).map((words) => words.join(" "));

await describeBackends("Embedder", (backend) => {
  if (!hasShared(MODEL)) return it.skip(`${MODEL} is not in the shared folder (set CLOZE_SHARED)`, () => undefined);
  let embedder: Embedder;
  beforeAll(async () => {
    embedder = await Embedder.load(sharedPath(MODEL), { backend });
  });
  afterAll(() => embedder?.dispose());

  // The plain f64 backend is slow, and computes every row by itself.
  const runs = backend.info.name === "reference" ? 5 : 50;

  it("gives a text the same bits whatever it is embedded with", async () => {
    const batches = fc.array(texts, { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(batches, fc.integer({ min: 1, max: 200 }), async (batch, batchTokens) => {
        const together = await embedder.embed(batch, { batchTokens });
        const alone = await Promise.all(batch.map((text) => embedder.embed(text)));
        expect(together).toEqual(alone);
      }),
      { numRuns: runs },
    );
  });

  it("keeps the order of a stream", async () => {
    const input = Array.from({ length: 300 }, (_, i) =>
      WORDS.slice(0, 1 + (i % 7))
        .join(" ")
        .repeat(1 + (i % 3)),
    );
    const expected = await embedder.embed(input);
    const stream = (async function* () {
      yield* input;
    })();
    const embeddings: Float32Array[] = [];
    for await (const embedding of embedder.embed(stream, { batchTokens: 64 })) embeddings.push(embedding);
    expect(embeddings).toEqual(expected);
  });

  if (backend.info.name === "reference") return;

  it("leaves the event loop free while 10,000 texts are embedded", async () => {
    const input = Array.from({ length: 10_000 }, (_, i) => `${i} ${WORDS.slice(i % 5).join(" ")} number ${i % 97}`);
    await embedder.embed(input.slice(0, 500)); // compiled code and caches
    const { p99 } = await eventLoopLag(() => embedder.embed(input));

    expect(p99).toBeLessThan(20);
  });
});

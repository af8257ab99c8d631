import { afterAll, beforeAll, expect, it } from "vitest";
import { DEFAULT_MODEL_PACKAGE, resolveWhere } from "../../src/checkpoints/default-model.ts";
import { Embedder } from "../../src/tasks/embedder.ts";
import { describeBackends } from "../support/each-backend.ts";
import { largestDifference } from "../support/largest-difference.ts";
import { hasShared, readSharedJsonLines } from "../support/shared.ts";

/** huggingface.co/sentence-transformers/all-MiniLM-L6-v2, "This is an example sentence". */
const PUBLISHED = [0.0677, 0.0636, 0.0487, 0.0794, 0.0374];
const REFERENCE = "data/minilm-reference/sentences.jsonl.gz";

const isInstalled = await resolveWhere().then(
  () => true,
  () => false,
);
const reason = isInstalled ? undefined : `not on this machine: ${DEFAULT_MODEL_PACKAGE} is not installed`;

await describeBackends("all-MiniLM-L6-v2", (backend) => {
  if (reason !== undefined) return it.skip(reason, () => undefined);
  let embedder: Embedder;
  beforeAll(async () => {
    embedder = await Embedder.load(undefined, { backend });
  });
  afterAll(() => embedder?.dispose());

  it("is what opens without a name, as it was published", () => {
    expect(embedder).toMatchObject({ name: "all-MiniLM-L6-v2", dimensions: 384, maxLength: 256 });
  });

  it("gives the published numbers", async () => {
    const embedding = await embedder.embed("This is an example sentence");
    expect(largestDifference([embedding.subarray(0, 5)], [PUBLISHED])).toBeLessThan(1e-4);
  });

  if (!hasShared(REFERENCE)) {
    it.skip(`${REFERENCE} is not in the shared folder (set CLOZE_SHARED)`, () => undefined);
    return;
  }

  it("gives the reference's tokens and numbers", async () => {
    const all = readSharedJsonLines<{ text: string; ids: number[]; embedding: number[] }>(REFERENCE);
    // The plain f64 backend needs a second for every twenty tokens of this model.
    const rows = backend.info.name === "reference" ? all.filter(({ ids }) => ids.length < 12).slice(0, 2) : all;
    const texts = rows.map(({ text }) => text);
    for (const { text, ids } of rows) {
      expect([...embedder.tokenizer.encode(text, { maxLength: embedder.maxLength }).ids]).toEqual(ids);
    }
    const embeddings = await embedder.embed(texts);
    expect(
      largestDifference(
        embeddings,
        rows.map(({ embedding }) => embedding),
      ),
    ).toBeLessThan(1e-5);
  });
});

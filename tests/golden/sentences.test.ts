import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Embedder } from "../../src/tasks/embedder.ts";
import { describeBackends } from "../support/each-backend.ts";
import { largestDifference } from "../support/largest-difference.ts";
import { hasShared, sharedPath } from "../support/shared.ts";

const SENTENCES = "goldens/sentences";

interface Expected {
  readonly texts: string[];
  readonly max_seq_length: number;
  readonly embeddings: number[][];
  readonly query: number[][];
  readonly document: number[][];
  readonly similarity: number[][];
  readonly [prompt: `prompt:${string}`]: number[][];
}

const cases = hasShared(SENTENCES)
  ? readdirSync(sharedPath(SENTENCES)).filter((name) => !name.startsWith("cross-encoder"))
  : [];

if (cases.length === 0) it.skip(`${SENTENCES} is not in the shared folder (set CLOZE_SHARED)`, () => undefined);

await describeBackends("Sentence Transformers repositories", (backend) => {
  describe.each(cases)("%s", (name) => {
    const folder = sharedPath(SENTENCES, name);
    const expected = JSON.parse(readFileSync(`${folder}/expected.json`, "utf8")) as Expected;
    let embedder: Embedder;
    beforeAll(async () => {
      embedder = await Embedder.load(folder, { backend });
    });
    afterAll(() => embedder?.dispose());

    it("reads as many tokens as the reference", () => {
      expect(embedder.maxLength).toBe(expected.max_seq_length);
      expect(embedder.dimensions).toBe(expected.embeddings[0]?.length);
    });

    it("embeds as the reference", async () => {
      expect(largestDifference(await embedder.embed(expected.texts), expected.embeddings)).toBeLessThan(1e-5);
    });

    it("embeds queries, documents and under every prompt as the reference", async () => {
      const named = Object.entries(expected).filter(([key]) => key.startsWith("prompt:"));
      const prompts = named.map(([key, vectors]) => [key.slice("prompt:".length), vectors] as const);
      for (const [prompt, vectors] of [
        ["query", expected.query],
        ["document", expected.document],
        ...prompts,
      ] as const) {
        const embeddings = await embedder.embed(expected.texts, { prompt });
        expect(largestDifference(embeddings, vectors as number[][]), prompt).toBeLessThan(1e-5);
      }
    });

    it("compares as the reference", async () => {
      const embeddings = await embedder.embed(expected.texts);
      const scores = embeddings.map((a) => embeddings.map((b) => embedder.similarity(a, b)));
      expect(largestDifference(scores, expected.similarity)).toBeLessThan(1e-5);
    });
  });
});

import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { createBackend } from "../../src/backends/choose.ts";
import { Reranker } from "../../src/tasks/reranker.ts";
import { copiedFolder } from "../support/copied-folder.ts";
import { describeBackends } from "../support/each-backend.ts";
import { describeShared, hasShared, sharedPath } from "../support/shared.ts";

const SENTENCES = "goldens/sentences";

interface Recorded {
  readonly pairs: readonly (readonly [query: string, passage: string])[];
  readonly scores: readonly number[];
  readonly logits: readonly number[];
  readonly rank: readonly { readonly index: number; readonly score: number }[];
}

if (!hasShared(SENTENCES)) describeShared("Reranker", SENTENCES, () => undefined);
else {
  const folder = sharedPath(SENTENCES, "cross-encoder-1");
  const recorded: Recorded = JSON.parse(readFileSync(`${folder}/expected.json`, "utf8"));
  const query = recorded.pairs[0]?.[0] as string;
  const passages = recorded.pairs.map(([, passage]) => passage);

  await describeBackends("ranking as the reference's cross-encoder", (backend) => {
    let reranker: Reranker;
    beforeAll(async () => {
      reranker = await Reranker.load(folder, { backend });
    });
    afterAll(() => reranker.dispose());

    it("gives its order and scores", async () => {
      const ranked = await reranker.rank(query, passages);
      expect(ranked.map(({ index }) => index)).toEqual(recorded.rank.map(({ index }) => index));
      expect(ranked.map(({ text }) => text)).toEqual(recorded.rank.map(({ index }) => passages[index]));
      for (const { index, score } of ranked) {
        expect(Math.abs(score - (recorded.scores[index] as number))).toBeLessThan(1e-5);
      }
    });

    it("gives its logits", async () => {
      for (const { index, score } of await reranker.rank(query, passages, { activation: "none" })) {
        expect(Math.abs(score - (recorded.logits[index] as number))).toBeLessThan(1e-5);
      }
    });

    it("gives a passage the same bits whatever it is ranked with", async () => {
      const many = [...passages, "", passages.join(" "), ...passages.map((passage) => passage.slice(0, 9))];
      const alone = await Promise.all(many.map(async (text) => (await reranker.rank(query, [text]))[0]?.score));
      for (const batchTokens of [1, 60, 1000]) {
        for (const { index, score } of await reranker.rank(query, many, { batchTokens }))
          expect(score).toBe(alone[index]);
      }
    });
  });

  const backend = await createBackend("reference");
  const load = async (where = folder) => {
    const reranker = await Reranker.load(where, { backend });
    onTestFinished(() => reranker.dispose());
    return reranker;
  };

  describeShared("Reranker", SENTENCES, () => {
    it("keeps the order of passages of one score, and as many as asked", async () => {
      const reranker = await load();
      const same = ["a dog", "a cat", "a dog", "a dog"];
      const ranked = await reranker.rank(query, same);
      const dogs = ranked.filter(({ text }) => text === "a dog").map(({ index }) => index);
      expect(dogs).toEqual([0, 2, 3]);
      expect(await reranker.rank(query, same, { top: 2 })).toEqual(ranked.slice(0, 2));
      expect(await reranker.rank(query, [])).toEqual([]);
    });

    it("takes streams", async () => {
      const reranker = await load();
      const stream = (async function* () {
        yield* passages;
      })();
      expect(await reranker.rank(query, stream)).toEqual(await reranker.rank(query, passages));
    });

    it("takes the best window of a long passage", async () => {
      const reranker = await load();
      const long = `${"the dog ran . ".repeat(30)}${passages[1]}`;
      const options = { truncation: "window", activation: "none", detail: true } as const;
      const [whole] = await reranker.rank(query, [long], options);
      const { windows } = reranker.tokenizer.encode(query, { pair: long, maxLength: 48, stride: 0 });
      const pieces = windows.map(({ offsets, sequenceIds }) => {
        const own = offsets.filter((_, i) => sequenceIds[i] === 1);
        return long.slice(own[0]?.[0], own.at(-1)?.[1]);
      });
      const [best] = await reranker.rank(query, pieces, { activation: "none" });
      expect(pieces.length).toBeGreaterThan(2);
      expect(whole).toMatchObject({ score: best?.score, truncated: false });
    });

    it("tells what was read", async () => {
      const reranker = await load();
      const ranked = await reranker.rank(query, ["a dog", "a dog ".repeat(60)], { detail: true });
      expect(ranked.find(({ index }) => index === 0)).toMatchObject({ truncated: false, droppedCharacters: 0 });
      expect(ranked.find(({ index }) => index === 1)).toMatchObject({ tokens: 48, truncated: true });
      const long = reranker.rank(query, ["a", "a dog ".repeat(60)], { truncation: "error" });
      await expect(long).rejects.toThrow("Text 1 has 132 tokens; this model reads at most 48.");
    });

    it("puts a cross-encoder's default prompt before the query", async () => {
      const prompted = copiedFolder("sentences/cross-encoder-1");
      const reranker = await load();
      expect((await load(prompted)).activation).toBe("sigmoid");
      const file = `${prompted}/config_sentence_transformers.json`;
      const prompts = { prompts: { query: "the man " }, default_prompt_name: "query" };
      writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...prompts }));
      const other = await load(prompted);
      expect(await other.rank(query, passages)).toEqual(await reranker.rank(`the man ${query}`, passages));
    });

    it("takes a sigmoid where nothing is stated", async () => {
      const plain = copiedFolder("pipelines/regression", { problem_type: undefined });
      expect((await load(plain)).activation).toBe("sigmoid");
    });

    it("refuses what is no text, and checkpoints with several scores", async () => {
      const reranker = await load();
      await expect(reranker.rank(7 as never, passages)).rejects.toThrow(
        "The query is of type number; expected a string.",
      );
      await expect(reranker.rank(query, ["a", 7 as never])).rejects.toThrow("Text 1 is of type number");
      await expect(reranker.rank(query, "a" as never)).rejects.toThrow("Cannot rank a value of type string");
      await expect(reranker.rank(query, passages, { top: 1.5 })).rejects.toThrow("top is 1.5");
      await expect(load(sharedPath(SENTENCES, "cross-encoder-3"))).rejects.toThrow(
        '"cross-encoder-3" does not open as Reranker: it gives 3 scores a pair, and a reranker one. It opens as Classifier.',
      );
      await expect(load(sharedPath(SENTENCES, "cls"))).rejects.toThrow("It opens as Embedder or Encoder.");
    });
  });
}

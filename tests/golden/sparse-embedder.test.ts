import { mkdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createBackend } from "../../src/backends/choose.ts";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { pack } from "../../src/models/packed-batch.ts";
import { wordTail } from "../../src/models/word-tail.ts";
import { Embedder } from "../../src/tasks/embedder.ts";
import { SparseEmbedder, type TokenWeight } from "../../src/tasks/sparse-embedder.ts";
import { wordWeights } from "../../src/tasks/word-weights.ts";
import { Tokenizer } from "../../src/tokenizers/tokenizer.ts";
import { copiedFolder } from "../support/copied-folder.ts";
import { describeBackends } from "../support/each-backend.ts";
import { describeShared, hasShared, sharedPath } from "../support/shared.ts";

const MASK = "goldens/pipelines/mask";
const TEXTS = ["A man in Zürich is playing the flute for two dogs.", "", "people people people"];

const backend = await createBackend("reference");

/** What SpladePooling says: of each word the weight, over all tokens, special ones too. */
async function byTheBook(text: string, weigh = Math.log1p, sums = false): Promise<Map<number, number>> {
  const { model } = loadModel(Checkpoint.open(sharedPath(MASK)), { head: "mlm", backend });
  const encoding = (await Tokenizer.load(sharedPath(MASK))).encode(text, { maxLength: 48 });
  const rows = Int32Array.from(encoding.ids, (_, i) => i);
  const logits = (await model.run({ ...pack([encoding]), rows }, ["logits"])).logits as Float32Array;
  model.close();
  const words = logits.length / rows.length;
  const weights = new Map<number, number>();
  for (let word = 0; word < words; word++) {
    const each = Array.from(rows, (row) => weigh(Math.max(0, logits[row * words + word] as number)));
    const weight = sums ? each.reduce((a, b) => a + b, 0) : Math.max(...each);
    if (weight > 0) weights.set(word, weight);
  }
  return weights;
}

function expectWeights(embedding: readonly TokenWeight[], expected: ReadonlyMap<number, number>): void {
  expect(new Set(embedding.map(({ index }) => index))).toEqual(new Set(expected.keys()));
  for (const { index, weight } of embedding) {
    expect(Math.abs(weight - (expected.get(index) as number))).toBeLessThan(1e-5 * Math.max(1, weight));
  }
}

if (hasShared(MASK)) {
  await describeBackends("sparse embeddings", (backend) => {
    let embedder: SparseEmbedder;
    beforeAll(async () => {
      embedder = await SparseEmbedder.load(sharedPath(MASK), { backend });
    });
    afterAll(() => embedder.dispose());

    it("weighs words as the paper says", async () => {
      for (const text of TEXTS) expectWeights(await embedder.embed(text), await byTheBook(text));
    });

    it("gives a text the same bits whatever it is embedded with", async () => {
      const texts = [...TEXTS, TEXTS.join(" ").repeat(3)];
      const alone = await Promise.all(texts.map((text) => embedder.embed(text)));
      for (const batchTokens of [1, 30, 1000]) expect(await embedder.embed(texts, { batchTokens })).toEqual(alone);
    });
  });
}

describeShared("SparseEmbedder", MASK, (mask) => {
  const load = async (folder = mask) => {
    const embedder = await SparseEmbedder.load(folder, { backend });
    onTestFinished(() => embedder.dispose());
    return embedder;
  };

  it("puts the heaviest first, names tokens, keeps as many as asked", async () => {
    const embedder = await load();
    const all = await embedder.embed("a man");
    expect(all).toEqual(all.toSorted((a, b) => b.weight - a.weight || a.index - b.index));
    for (const { index, token } of all) expect(embedder.tokenizer.idOf(token)).toBe(index);
    expect(await embedder.embed("a man", { top: 3 })).toEqual(all.slice(0, 3));
    await expect(embedder.embed("a man", { top: 0 })).rejects.toThrow("top is 0");
  });

  it("gives one, arrays and streams the same, and tells what was read", async () => {
    const embedder = await load();
    const all = await embedder.embed(TEXTS);
    const streamed = [];
    for await (const result of embedder.embed(new Set(TEXTS), { detail: true })) streamed.push(result);
    expect(streamed.map(({ embedding }) => embedding)).toEqual(all);
    expect(streamed.map(({ tokens, truncated }) => [tokens, truncated])).toEqual([
      [20, false],
      [2, false],
      [5, false],
    ]);
    await expect(embedder.embed(7 as never)).rejects.toThrow("Cannot embed a value of type number");
  });

  it("reads long texts in windows as one", async () => {
    const embedder = await load();
    const long = "people the a man ".repeat(30);
    const { windows } = embedder.tokenizer.encode(long, { maxLength: 48, stride: 0 });
    const heaviest = new Map<number, number>();
    for (const { offsets } of windows) {
      const piece = long.slice(offsets[1]?.[0], offsets.at(-2)?.[1]);
      for (const { index, weight } of await embedder.embed(piece)) {
        heaviest.set(index, Math.max(weight, heaviest.get(index) ?? 0));
      }
    }
    expect(windows.length).toBeGreaterThan(2);
    expectWeights(await embedder.embed(long, { truncation: "window" }), heaviest);
  });

  it("compares by the words that two texts share", async () => {
    const embedder = await load();
    const words = (...pairs: [number, number][]) => pairs.map(([index, weight]) => ({ index, token: "", weight }));
    expect(embedder.similarity(words([1, 2], [3, 4], [9, 1]), words([3, 0.5], [1, 3], [4, 7]))).toBe(8);
    expect(embedder.similarity(words([1, 2]), [])).toBe(0);
  });

  it("passes the vectors of a batch through the head in chunks of any size", async () => {
    const { model } = loadModel(Checkpoint.open(mask), { head: "mlm", backend, tail: wordTail });
    onTestFinished(() => model.close());
    const tokenizer = await Tokenizer.load(mask);
    const batch = pack([...TEXTS, "two dogs"].map((text) => tokenizer.encode(text)));
    const { hidden } = (await model.run(batch, ["hidden"])) as { hidden: Float32Array };
    for (const strategy of ["max", "sum"] as const) {
      const weigh = (chunkTokens?: number) => {
        const options = { pooling: { strategy, activation: "relu" }, vocabularySize: 500, chunkTokens } as const;
        return wordWeights(model, { hidden, offsets: batch.offsets }, options);
      };
      const whole = await weigh();
      expect(whole).toHaveLength(4);
      for (const chunkTokens of [1, 2, 7, 20, 22]) expect(await weigh(chunkTokens)).toEqual(whole);
    }
  });

  describe("in the Sentence Transformers layout", () => {
    const sparseFolder = (pooling: object, config: object = {}) => {
      const folder = copiedFolder("pipelines/mask");
      const modules = ["base.modules.transformer.Transformer", "sparse_encoder.modules.splade_pooling.SpladePooling"];
      const list = modules.map((type, idx) => ({
        idx,
        name: `${idx}`,
        path: idx === 0 ? "" : "1_SpladePooling",
        type: `sentence_transformers.${type}`,
      }));
      mkdirSync(`${folder}/1_SpladePooling`);
      const write = (file: string, json: object) => writeFileSync(`${folder}/${file}`, JSON.stringify(json));
      write("modules.json", list);
      write("1_SpladePooling/config.json", pooling);
      write("config_sentence_transformers.json", { model_type: "SparseEncoder", ...config });
      return folder;
    };

    it.each([
      [{ pooling_strategy: "sum", activation_function: "relu" }, Math.log1p, true],
      [{ pooling_strategy: "max", activation_function: "log1p_relu" }, (x: number) => Math.log1p(Math.log1p(x)), false],
    ])("obeys %j", async (pooling, weigh, sums) => {
      const embedder = await load(sparseFolder(pooling));
      for (const text of TEXTS) expectWeights(await embedder.embed(text), await byTheBook(text, weigh, sums));
    });

    it("obeys prompts and the measure of similarity", async () => {
      const config = { similarity_fn_name: "cosine", prompts: { query: "two dogs " } };
      const embedder = await load(sparseFolder({}, config));
      const prompted = await embedder.embed("run", { prompt: "query" });
      expect(prompted).toEqual(await (await load()).embed("two dogs run"));
      expect(embedder.similarity(prompted, prompted)).toBeCloseTo(1, 12);
    });

    it("is no other embedder", async () => {
      await expect(Embedder.load(sparseFolder({}), { backend })).rejects.toThrow("It opens as SparseEmbedder.");
    });
  });

  it("says what other checkpoints open as", async () => {
    await expect(load(sharedPath("goldens/pipelines/nli"))).rejects.toThrow(
      "It opens as Classifier, Embedder or Encoder.",
    );
  });
});

import { cpSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { createBackend } from "../../src/backends/choose.ts";
import { Embedder } from "../../src/tasks/embedder.ts";
import type { EmbedderOptions } from "../../src/tasks/embedder-options.ts";
import type { Progress } from "../../src/tasks/progress.ts";
import { largestDifference } from "../support/largest-difference.ts";
import { describeShared, sharedPath } from "../support/shared.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const backend = await createBackend("reference");

/** 24 numbers, normalized, 32 tokens at most. */
async function load(name = "mean-normalize", options: EmbedderOptions = {}): Promise<Embedder> {
  const embedder = await Embedder.load(sharedPath("goldens/sentences", name), { backend, ...options });
  onTestFinished(() => embedder.dispose());
  return embedder;
}

function norm(vector: Float32Array): number {
  return Math.hypot(...vector);
}

describeShared("Embedder", "goldens/sentences", (folder) => {
  const { texts } = JSON.parse(readFileSync(`${folder}/cls/expected.json`, "utf8")) as { texts: string[] };

  describe("one text, arrays and streams", () => {
    it("gives the same vectors each way", async () => {
      const embedder = await load();
      const all = await embedder.embed(texts);
      const one = await Promise.all(texts.map((text) => embedder.embed(text)));
      const streamed: Float32Array[] = [];
      for await (const embedding of embedder.embed(new Set(texts))) streamed.push(embedding);
      expect(one).toEqual(all);
      expect(streamed).toEqual(all);
      expect(await embedder.embed([])).toEqual([]);
    });

    it("refuses what is no text", async () => {
      const embedder = await load();
      await expect(embedder.embed(["a", 7 as never])).rejects.toThrow("Text 1 is of type number; expected a string.");
      await expect(embedder.embed(7 as never)).rejects.toThrow("Cannot embed a value of type number");
      await expect(embedder.embed(undefined as never)).rejects.toThrow("Cannot embed");
    });
  });

  describe("long, empty and odd texts", () => {
    it("tells what was read and what was not", async () => {
      const embedder = await load();
      const short = await embedder.embed("a man", { detail: true });
      expect(short).toMatchObject({ tokens: 4, truncated: false, droppedCharacters: 0 });
      const [long] = await embedder.embed(["a ".repeat(40)], { detail: true });
      expect(long).toMatchObject({ tokens: 32, truncated: true, droppedCharacters: 80 - 59 });
      expect(long?.embedding).toEqual(await embedder.embed("a ".repeat(30)));
    });

    it("refuses long texts when told to, and says how long they are", async () => {
      const embedder = await load();
      const options = { truncation: "error" } as const;
      await expect(embedder.embed(["a", "a ".repeat(40)], options)).rejects.toThrow(
        'Text 1 has 42 tokens; this model reads at most 32. Pass truncation: "truncate", or shorter texts.',
      );
      await expect(embedder.embed("a ".repeat(1e6), options)).rejects.toThrow("The text has more than 3200 tokens");
      expect(await embedder.embed("a ".repeat(30), options)).toHaveLength(24);
    });

    it("cuts texts of megabytes before they are read to the end", async () => {
      const embedder = await load();
      const text = "a man is playing a flute ".repeat(400_000);
      const began = performance.now();
      const { truncated, droppedCharacters } = await embedder.embed(text, { detail: true });
      expect(performance.now() - began).toBeLessThan(1000);
      expect(truncated).toBe(true);
      expect(droppedCharacters).toBeGreaterThan(9_990_000);
    });

    it("takes empty texts and spaces for the special tokens alone", async () => {
      const embedder = await load();
      const [empty, spaces, lines] = await embedder.embed(["", "   ", "\n\t\n"], { detail: true });
      expect(empty).toMatchObject({ tokens: 2, truncated: false });
      expect(norm(empty?.embedding as Float32Array)).toBeCloseTo(1, 5);
      expect(spaces).toEqual(empty);
      expect(lines).toEqual(empty);
    });

    it("counts only the text as dropped, not the prompt", async () => {
      const embedder = await load("prompts", { maxLength: 6 });
      const text = "a man is playing a flute";
      const { droppedCharacters } = await embedder.embed(text, {
        promptText: "the the the the the the ",
        detail: true,
      });
      expect(droppedCharacters).toBe(text.length);
    });
  });

  describe("prompts", () => {
    it("puts a prompt of its own before the text", async () => {
      const embedder = await load("prompts");
      const [text] = texts as [string];
      expect(await embedder.embed(text, { promptText: "query: " })).toEqual(
        await embedder.embed(text, { prompt: "query" }),
      );
      expect(await embedder.embed(text, { promptText: "" })).toEqual(await embedder.embed(text));
    });

    it("says which prompts there are", async () => {
      const embedder = await load("prompts");
      await expect(embedder.embed("a", { prompt: "querry" })).rejects.toThrow('"query", "document", "passage"');
    });
  });

  describe("dimensions", () => {
    it("keeps the first numbers, normalized again", async () => {
      const embedder = await load();
      const whole = await embedder.embed(texts);
      const cut = await embedder.embed(texts, { dimensions: 5 });
      const expected = whole.map((vector) => vector.slice(0, 5).map((x) => x / norm(vector.slice(0, 5))));
      expect(largestDifference(cut, expected)).toBeLessThan(1e-6);
    });

    it("leaves vectors alone that the model does not normalize", async () => {
      const embedder = await load("cls", { dimensions: 5 });
      expect(embedder.dimensions).toBe(5);
      const whole = await embedder.embed(texts, { dimensions: 24 });
      expect(await embedder.embed(texts)).toEqual(whole.map((vector) => vector.slice(0, 5)));
    });

    it.each([0, 25, 2.5])("refuses %s", async (dimensions) => {
      const embedder = await load();
      const message = `dimensions is ${dimensions}; this model's embeddings have 24: pass an integer from 1 to 24.`;
      await expect(embedder.embed("a", { dimensions })).rejects.toThrow(message);
      await expect(load("cls", { dimensions })).rejects.toThrow(message);
    });
  });

  describe("options", () => {
    it("reads as many tokens as asked, within what the model can", async () => {
      const embedder = await load("mean-normalize", { maxLength: 40 });
      expect(embedder.maxLength).toBe(40);
      expect(await embedder.embed("a ".repeat(40), { detail: true })).toMatchObject({ tokens: 40 });
      await expect(load("mean-normalize", { maxLength: 49 })).rejects.toThrow("this model reads at most 48 tokens");
    });

    it("names what it expected", async () => {
      const embedder = await load();
      await expect(embedder.embed("a", { truncation: "window" as never })).rejects.toThrow(
        'truncation is "window"; expected "truncate" or "error".',
      );
      await expect(embedder.embed(["a"], { batchTokens: 0 })).rejects.toThrow("batchTokens is 0");
      await expect(load("cls", { dtype: "f16" as never })).rejects.toThrow(
        'dtype is "f16"; expected "f32", "bf16", "int8".',
      );
    });

    it("opens a plain checkpoint with the mean of its tokens, as the reference does", async () => {
      const folder = temporaryFolder();
      for (const name of readdirSync(sharedPath("goldens/sentences/cls")).filter((name) => name !== "modules.json")) {
        cpSync(sharedPath("goldens/sentences/cls", name), `${folder}/${name}`, { recursive: true });
      }
      const plain = await Embedder.load(folder, { backend });
      const sums = await (await load("mean-sqrt")).embed(texts, { detail: true });
      const expected = sums.map(({ embedding, tokens }) => embedding.map((x) => x / Math.sqrt(tokens)));
      expect(largestDifference(await plain.embed(texts), expected)).toBeLessThan(1e-6);
      expect(plain).toMatchObject({ similarityFunction: "cosine", maxLength: 48 });
      await plain.dispose();
    });

    it("sends cross-encoders elsewhere", async () => {
      await expect(load("cross-encoder-1")).rejects.toThrow("is a cross-encoder");
    });

    it("says where it looked", async () => {
      await expect(Embedder.load("no/such/folder/here")).rejects.toThrow("no/such/folder/here");
    });
  });

  describe("life", () => {
    it("reports progress while it loads and embeds", async () => {
      const reports: Progress[] = [];
      const onProgress = (progress: Progress) => void reports.push(progress);
      const embedder = await load("dense", { onProgress });
      expect(reports.at(-1)).toMatchObject({ phase: "load", unit: "tensors" });
      expect(reports.at(-1)?.done).toBe(reports.at(-1)?.total);
      await embedder.embed(texts, { onProgress });
      expect(reports.at(-1)).toMatchObject({ phase: "embed", unit: "texts", done: texts.length, total: texts.length });
      await embedder.embed("one", { onProgress });
      expect(reports.at(-1)).toMatchObject({ done: 1, total: 1 });
    });

    it("runs several calls at once", async () => {
      const embedder = await load();
      const expected = await embedder.embed(texts);
      const calls = await Promise.all(Array.from({ length: 5 }, () => embedder.embed(texts, { batchTokens: 40 })));
      for (const embeddings of calls) expect(embeddings).toEqual(expected);
    });

    it("stops when it is aborted", async () => {
      const embedder = await load();
      const signal = AbortSignal.abort(new Error("enough"));
      await expect(embedder.embed("a", { signal })).rejects.toThrow("enough");
      await expect(embedder.embed(["a"], { signal })).rejects.toThrow("enough");
      await expect(embedder.embed(new Set(["a"]), { signal }).next()).rejects.toThrow("enough");
      await expect(Embedder.load(undefined, { signal })).rejects.toThrow("enough");
    });

    it("says that it was disposed of", async () => {
      const embedder = await load();
      await embedder[Symbol.asyncDispose]();
      await embedder.dispose();
      await expect(embedder.embed("a")).rejects.toThrow("was disposed of; load it again.");
    });
  });
});

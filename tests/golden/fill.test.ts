import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createBackend } from "../../src/backends/choose.ts";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { pack } from "../../src/models/packed-batch.ts";
import type { Filling } from "../../src/tasks/fill-options.ts";
import { MaskFiller } from "../../src/tasks/mask-filler.ts";
import { copiedFolder, folderWithWords } from "../support/copied-folder.ts";
import { describeBackends } from "../support/each-backend.ts";
import { describeShared, hasShared, sharedPath } from "../support/shared.ts";

const PIPELINES = "goldens/pipelines";

interface Recorded {
  readonly score: number;
  readonly token: number;
  readonly token_str: string;
  readonly sequence: string;
}

interface RecordedFill {
  readonly text: string;
  readonly top_k: number;
  readonly result: readonly Recorded[] | readonly (readonly Recorded[])[];
}

function recorded(name: string) {
  return JSON.parse(readFileSync(sharedPath(PIPELINES, "expected.json"), "utf8"))[name];
}

/** The same words in the same order, and their probabilities. */
function expectFillings(fillings: readonly Filling[], expected: readonly Recorded[]): void {
  expect(fillings.map(({ id, token, text }) => ({ id, token, text }))).toEqual(
    expected.map(({ token, token_str, sequence }) => ({
      id: token,
      token: token_str,
      // Of texts with several masks the reference shows the special tokens around them, too.
      text: sequence.replace(/^\[CLS\] (.*) \[SEP\]$/, "$1"),
    })),
  );
  for (const [i, { score }] of fillings.entries()) expect(score).toBeCloseTo(expected[i]?.score as number, 7);
}

if (!hasShared(PIPELINES)) describeShared("fill", PIPELINES, () => undefined);
else {
  await describeBackends("masks as the reference's pipeline fills them", (backend) => {
    let filler: MaskFiller;
    beforeAll(async () => {
      filler = await MaskFiller.load(sharedPath(PIPELINES, "mask"), { backend });
    });
    afterAll(() => filler.dispose());

    it.each(recorded("fill") as RecordedFill[])("$text", async ({ text, top_k, result }) => {
      const masks = (Array.isArray(result[0]) ? result : [result]) as Recorded[][];
      const found = await filler.fill(text, { top: top_k });
      expect(found).toHaveLength(masks.length);
      for (const [i, fillings] of found.entries()) expectFillings(fillings, masks[i] as Recorded[]);
    });

    it("with targets", async () => {
      const { text, targets, result } = recorded("fill-targets");
      const [fillings = []] = await filler.fill(text as string, { targets });
      expectFillings(fillings, result);
    });

    it("gives a text the same bits whatever it is filled or scored with", async () => {
      const long = "a man is [MASK] a flute ".repeat(8);
      const texts = [...(recorded("fill") as RecordedFill[]).map(({ text }) => text), "[MASK]", long];
      for (const options of [{ wholeWords: true }, { joint: true, beam: 2, top: 2 }]) {
        const alone = await Promise.all(texts.map((text) => filler.fill(text, options)));
        for (const batchTokens of [1, 90]) expect(await filler.fill(texts, { ...options, batchTokens })).toEqual(alone);
      }
      const scored = await Promise.all(texts.map((text) => filler.score(text)));
      expect(await filler.score(texts, { batchTokens: 300 })).toEqual(scored);
    });
  });
}

const backend = await createBackend("reference");

async function load(folder: string): Promise<MaskFiller> {
  const filler = await MaskFiller.load(folder, { backend });
  onTestFinished(() => filler.dispose());
  return filler;
}

/** Log-probabilities of the vocabulary at one token. */
async function wordsAt(folder: string, ids: readonly number[], at: number): Promise<number[]> {
  const { model } = loadModel(Checkpoint.open(folder), { head: "mlm", backend });
  const { logits } = await model.run({ ...pack([{ ids }]), rows: Int32Array.of(at) }, ["logits"]);
  model.close();
  const numbers = Array.from(logits as Float32Array);
  const total = Math.log(numbers.reduce((sum, logit) => sum + Math.exp(logit), 0));
  return numbers.map((logit) => logit - total);
}

describeShared("MaskFiller", "goldens/models", () => {
  it.each(["bert/a/mlm", "electra/a/mlm", "distilbert/a/mlm"])("finds the best words together: %s", async (path) => {
    const folder = folderWithWords(path);
    const filler = await load(folder);
    const ids = [...filler.tokenizer.encode("the [MASK] sat [MASK] .").ids];
    const [a, b] = [2, 4];
    const first = await wordsAt(folder, ids, a);
    const ways: { ids: number[]; score: number }[] = [];
    for (const [word, before] of first.entries()) {
      const second = await wordsAt(folder, ids.with(a, word), b);
      for (const [other, after] of second.entries()) ways.push({ ids: [word, other], score: before + after });
    }
    const best = ways.sort((x, y) => y.score - x.score).slice(0, 3);
    const masks = await filler.fill("the [MASK] sat [MASK] .", { joint: true, top: 3, beam: first.length });
    expect(masks.map((fillings) => fillings.map(({ id }) => id))).toEqual([0, 1].map((i) => best.map(({ ids }) => ids[i]))); // biome-ignore format: one
    best.forEach(({ score }, k) => {
      for (const fillings of masks) expect(fillings[k]?.score).toBeCloseTo(Math.exp(score), 6);
    });
    expect(masks[0]?.[0]?.text).toBe(masks[1]?.[0]?.text);
    expect(masks[0]?.[0]?.text).not.toContain("[MASK]");
  });

  it("scores a text by each of its tokens, masked in turn", async () => {
    const folder = folderWithWords("bert/a/mlm");
    const filler = await load(folder);
    const text = "The cab  sat, [MASK]!";
    const { ids, offsets } = filler.tokenizer.encode(text);
    const { score, tokens } = await filler.score(text);
    expect(tokens.map(({ text }) => text).join("|")).toBe("The|c|a|b|sat|,|!");
    expect(score).toBeCloseTo(
      tokens.reduce((sum, { logProbability }) => sum + logProbability, 0),
      10,
    );
    const mask = filler.tokenizer.idOf("[MASK]") as number;
    for (const { text: word, start, end, logProbability } of tokens) {
      expect(text.slice(start, end)).toBe(word);
      const at = offsets.findIndex(([from, to]) => from === start && to === end);
      const words = await wordsAt(folder, [...ids].with(at, mask), at);
      expect(logProbability).toBeCloseTo(words[ids[at] as number] as number, 5);
    }
    expect(await filler.score("")).toEqual({ score: 0, tokens: [] });
  });

  it("reads what stands around a token of a long text", async () => {
    const folder = folderWithWords("bert/a/mlm");
    const filler = await load(folder);
    const room = filler.maxLength - 2;
    const words = Array.from({ length: 150 }, (_, i) => ["the", "cat", "dog", "ran", "mat"][(i * i) % 5] as string);
    const at = 100;
    const ids = [...filler.tokenizer.encode(words.with(at, "[MASK]").join(" ")).ids];
    const start = 1 + at - Math.floor(room / 2);
    const context = [ids[0] as number, ...ids.slice(start, start + room), ids.at(-1) as number];
    const expected = await wordsAt(folder, context, 1 + at + 1 - start);
    const { tokens } = await filler.score(words.join(" "));
    expect(tokens.map(({ text }) => text)).toEqual(words);
    const id = filler.tokenizer.idOf(words[at] as string) as number;
    expect(tokens[at]?.logProbability).toBeCloseTo(expected[id] as number, 5);
    const [[filling] = []] = await filler.fill(words.with(at, "[MASK]").join(" "), { top: 1 });
    expect(filling?.score).toBeCloseTo(Math.exp(Math.max(...expected)), 6);
    expect(filling?.text).toContain(words.slice(0, at - 1).join(" "));
    await expect(filler.score(words.join(" "), { truncation: "error" })).rejects.toThrow('Pass truncation: "window"');
  });

  it("keeps to whole words where they are asked for", async () => {
    const filler = await load(folderWithWords("bert/a/mlm"));
    const all = 67;
    const tokens = async (text: string) => {
      const [fillings = []] = await filler.fill(text, { top: all, wholeWords: true });
      return new Set(fillings.map(({ token }) => token));
    };
    const words = new Set([..."abcdefghijklmnopqrstuvwxyz", "the", "cat", "dog", "sat", "ran", "on", "mat"]);
    expect(await tokens("the [MASK] sat.")).toEqual(words);
    expect(await tokens("th[MASK] sat.")).toEqual(new Set());
    const [every = []] = await filler.fill("the [MASK] sat.", { top: all + 10 });
    expect(every).toHaveLength(all);
  });

  it("restricts masks to targets, cut as they stand there", async () => {
    const filler = await load(folderWithWords("bert/a/mlm"));
    const targets = ["Cat", "dog", "##s", "cat"];
    const [fillings = []] = await filler.fill("the [MASK] sat.", { targets });
    expect(new Set(fillings.map(({ token }) => token))).toEqual(new Set(["cat", "dog", "##s"]));
    const [[inside] = []] = await filler.fill("th[MASK]", { targets: ["e"], top: 1 });
    expect(inside?.token).toBe("the");
  });

  describe("refuses", () => {
    const rejection = async (text: unknown, options = {}) => {
      const filler = await load(folderWithWords("bert/a/mlm"));
      return filler.fill(text as string, options).then(
        () => undefined,
        (error: Error) => error.message,
      );
    };

    it("texts without a mask", async () => {
      expect(await rejection("the cat")).toMatchInlineSnapshot(
        `"The text has no mask to fill; write [MASK] for the missing word, as in "Paris is the [MASK] of France.""`,
      );
      expect(await rejection(["the [MASK]", ""])).toContain("Text 1 has no mask to fill; write [MASK]");
      expect(await rejection([1])).toContain("Text 0 is of type number");
    });

    it("targets of several tokens, or of none", async () => {
      expect(await rejection("[MASK]", { targets: ["bird"] })).toMatchInlineSnapshot(
        `"targets: "bird" is 4 tokens ("b", "##i", "##r", "##d"); a mask stands for one. Name a word of one token, or write as many masks and fill them with joint: true."`,
      );
      expect(await rejection("[MASK]", { targets: ["ü!"] })).toContain("targets:");
      expect(await rejection("[MASK]", { targets: ["é€"] })).toContain("targets:");
      expect(await rejection("[MASK]", { targets: [""] })).toContain('targets: "" is 0 tokens');
      expect(await rejection("[MASK]", { targets: [] })).toContain("targets is empty");
    });

    it("options that have no such value", async () => {
      expect(await rejection("[MASK]", { top: 0 })).toContain("top is 0");
      expect(await rejection("[MASK]", { joint: true, beam: 0 })).toContain("beam is 0");
      expect(await rejection("[MASK]", { beam: 3 })).toContain("beam is for joint: true");
      expect(await rejection("[MASK]", { truncation: "truncate" })).toContain('expected "window" or "error"');
    });

    it("checkpoints without the head, and tokenizers without a mask", async () => {
      await expect(load(folderWithWords("bert/a/sequence"))).rejects.toThrow("does not open as MaskFiller");
      await expect(MaskFiller.load()).rejects.toThrow('for example a download of "google-bert/bert-base-uncased"');
      await expect(load(copiedFolder("models/bert/a/mlm"))).rejects.toThrow("holds no tokenizer");
    });
  });
});

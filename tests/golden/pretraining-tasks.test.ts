import { describe, expect, it, onTestFinished } from "vitest";
import type { Backend } from "../../src/backends/backend.ts";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import type { HeadName } from "../../src/models/architecture.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { pack } from "../../src/models/packed-batch.ts";
import { MultipleChoice } from "../../src/tasks/multiple-choice.ts";
import { NextSentence } from "../../src/tasks/next-sentence.ts";
import { ReplacedTokenDetector } from "../../src/tasks/replaced-token-detector.ts";
import type { Encoding } from "../../src/tokenizers/encoding.ts";
import { folderWithWords } from "../support/copied-folder.ts";
import { describeBackends } from "../support/each-backend.ts";
import { describeShared, hasShared } from "../support/shared.ts";

/** A head's numbers for encodings, one after another. */
async function runHead(
  backend: Backend,
  { folder, head, output }: { readonly folder: string; readonly head: HeadName; readonly output: string },
  encodings: readonly Encoding[],
): Promise<number[]> {
  const { model } = loadModel(Checkpoint.open(folder), { head, backend });
  const rows = Int32Array.of(0);
  const results = await model.run({ ...pack(encodings), rows }, [output]);
  model.close();
  return Array.from(results[output] as Float32Array);
}

function softmax(logits: readonly number[]): number[] {
  const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
  return logits.map((logit) => Math.exp(logit) / sum);
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

if (!hasShared("goldens/models")) describeShared("tasks of pretraining", "goldens/models", () => undefined);
else
  await describeBackends("tasks of pretraining", (backend) => {
    const run = (folder: string, head: HeadName, output: string, encodings: readonly Encoding[]) =>
      runHead(backend, { folder, head, output }, encodings);

    describe("MultipleChoice", () => {
      const load = async (folder: string) => {
        const model = await MultipleChoice.load(folder, { backend });
        onTestFinished(() => model.dispose());
        return model;
      };

      it.each(["bert/a/choice", "electra/a/choice", "distilbert/a/choice"])("ranks choices: %s", async (path) => {
        const folder = folderWithWords(path);
        const model = await load(folder);
        const [text, choices] = ["the cat", ["sat on the mat .", "ran", "", "ran"]];
        const encodings = choices.map((pair) => model.tokenizer.encode(text, { pair }));
        const scores = softmax(await run(folder, "choice", "logits", encodings));
        const ranked = await model.choose({ text, choices });
        expect(ranked.map(({ score }) => score)).toEqual(ranked.map(({ score }) => score).toSorted((a, b) => b - a));
        for (const { index, score, text } of ranked) {
          expect(score).toBeCloseTo(scores[index] as number, 6);
          expect(text).toBe(choices[index]);
        }
        const runs = ranked.filter(({ text }) => text === "ran").map(({ index }) => index);
        expect(runs).toEqual([1, 3]);
        expect(await model.choose({ text, choices }, { top: 1 })).toEqual(ranked.slice(0, 1));
        const questions = [
          { text, choices },
          { text: "a dog", choices: ["ran"] },
        ];
        expect(await model.choose(questions, { batchTokens: 1 })).toEqual([
          ranked,
          [{ index: 0, score: 1, text: "ran" }],
        ]);
      });

      it("needs choices", async () => {
        const model = await load(folderWithWords("bert/a/choice"));
        await expect(model.choose({ text: "a", choices: [] })).rejects.toThrow("The question has no choices");
        await expect(model.choose([{ text: "a" } as never])).rejects.toThrow("Question 0 has no choices");
        await expect(model.choose({ text: "a", choices: [1 as never] })).rejects.toThrow("is of type number");
        const other = load(folderWithWords("bert/a/sequence"));
        await expect(other).rejects.toThrow(
          'its config.json says "BertForSequenceClassification". It opens as Classifier',
        );
      });
    });

    describe("NextSentence", () => {
      const load = async (folder: string) => {
        const model = await NextSentence.load(folder, { backend });
        onTestFinished(() => model.dispose());
        return model;
      };

      it.each([
        ["bert/a/nsp", "nsp", "logits", "next-sentence"],
        ["bert/a/pretraining", "nsp", "logits", "next-sentence"],
        ["albert/a/pretraining", "pretraining", "sopLogits", "sentence-order"],
      ] as const)("scores pairs: %s", async (path, head, output, objective) => {
        const folder = folderWithWords(path);
        const model = await load(folder);
        expect(model.objective).toBe(objective);
        const pairs = [
          { text: "the cat sat .", pair: "a dog ran ." },
          { text: "a", pair: "b c" },
        ];
        for (const { text, pair } of pairs) {
          const logits = await run(folder, head, output, [model.tokenizer.encode(text, { pair })]);
          const { score, follows } = await model.predict({ text, pair });
          expect(score).toBeCloseTo(softmax(logits)[0] as number, 6);
          expect(follows).toBe(score >= 0.5);
        }
        const all = await model.predict(pairs);
        expect(all).toEqual(await Promise.all(pairs.map((pair) => model.predict(pair))));
      });

      it("needs pairs, and a head", async () => {
        const model = await load(folderWithWords("bert/a/nsp"));
        await expect(model.predict([{ text: "a" } as never])).rejects.toThrow("Text 0 has no pair");
        await expect(load(folderWithWords("electra/a/pretraining"))).rejects.toThrow(
          "It opens as ReplacedTokenDetector, Embedder or Encoder.",
        );
      });
    });

    describe("ReplacedTokenDetector", () => {
      const load = async (folder: string) => {
        const model = await ReplacedTokenDetector.load(folder, { backend });
        onTestFinished(() => model.dispose());
        return model;
      };

      it("scores words by the highest of their tokens, with offsets", async () => {
        const folder = folderWithWords("electra/a/pretraining");
        const model = await load(folder);
        const text = "The cab  sat, dog?";
        const encoding = model.tokenizer.encode(text);
        const scores = (await run(folder, "pretraining", "logits", [encoding])).map(sigmoid);
        const words = await model.detect(text, { threshold: 0 });
        expect(words.map(({ text }) => text)).toEqual(["The", "cab", "sat", ",", "dog", "?"]);
        for (const { text: word, start, end, score } of words) {
          expect(text.slice(start, end)).toBe(word);
          const own = encoding.offsets.flatMap(([from, to], i) => (to > from && from >= start && to <= end ? [i] : []));
          expect(score).toBeCloseTo(Math.max(...own.map((i) => scores[i] as number)), 6);
        }
        const sorted = words.map(({ score }) => score).toSorted((a, b) => a - b);
        const threshold = sorted[3] as number;
        expect(await model.detect(text, { threshold })).toEqual(words.filter(({ score }) => score >= threshold));
      });

      it("judges every word of a long text once, where most stands around it", async () => {
        const folder = folderWithWords("electra/a/pretraining");
        const model = await load(folder);
        const text = Array.from({ length: 200 }, (_, i) => ["the", "cat", "dog", "ran", "mat"][(i * i) % 5]).join(" ");
        const words = await model.detect(text, { threshold: 0 });
        expect(words.map(({ text }) => text).join(" ")).toBe(text);
        const { windows } = model.tokenizer.encode(text, { maxLength: 40, stride: 10 });
        const second = windows[1] as Encoding;
        const scores = (await run(folder, "pretraining", "logits", [second])).map(sigmoid);
        const middle = 20;
        const word = words.find(({ start }) => start === second.offsets[middle]?.[0]);
        expect(word?.score).toBeCloseTo(scores[middle] as number, 6);
        expect(await model.detect([text, "a"], { threshold: 0, batchTokens: 50 })).toEqual([
          words,
          await model.detect("a", { threshold: 0 }),
        ]);
      });

      it("needs a discriminator and a threshold that is a probability", async () => {
        const model = await load(folderWithWords("electra/a/pretraining"));
        await expect(model.detect("a", { threshold: 2 })).rejects.toThrow("threshold is 2; expected 0 to 1.");
        await expect(model.detect("a ".repeat(60), { truncation: "error" })).rejects.toThrow(
          'Pass truncation: "window"',
        );
        expect(await model.detect("")).toEqual([]);
        const other = load(folderWithWords("bert/a/pretraining"));
        await expect(other).rejects.toThrow(
          "It opens as MaskFiller, SparseEmbedder, NextSentence, Embedder or Encoder.",
        );
      });
    });
  });

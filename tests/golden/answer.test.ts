import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { createBackend } from "../../src/backends/choose.ts";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { pack } from "../../src/models/packed-batch.ts";
import { Answerer } from "../../src/tasks/answerer.ts";
import { contextFreeFolder } from "../support/context-free-folder.ts";
import { describeBackends } from "../support/each-backend.ts";
import { describeShared, hasShared, sharedPath } from "../support/shared.ts";

const QA = sharedPath("goldens/pipelines/qa");
const QUESTION = "Who is playing?";
const SENTENCE = "A man in Zürich is playing the flute for two dogs. The woman, slicing an onion, ran quickly!";
const LONG = Array.from({ length: 3 }, (_, i) => `${"🎈".repeat(i % 3)} ${SENTENCE}`).join(" ");

if (!hasShared("goldens/pipelines")) describeShared("answers", "goldens/pipelines", () => undefined);
else {
  await describeBackends("answers", (backend) => {
    let answerer: Answerer;
    beforeAll(async () => {
      answerer = await Answerer.load(QA, { backend });
    });
    afterAll(() => answerer.dispose());

    it.each([
      ["of one window", SENTENCE],
      ["of a long text", LONG],
    ])("are the best of all spans: %s", async (_, context) => {
      const { model } = loadModel(Checkpoint.open(QA), { head: "qa", backend });
      const options = { pair: context, maxLength: 48, stride: 10, truncation: "only-second" } as const;
      const spans = new Map<string, number>();
      let total = 0;
      for (const encoding of answerer.tokenizer.encode(QUESTION, options).windows) {
        const { startLogits, endLogits } = await model.run(pack([encoding]), ["startLogits", "endLogits"]);
        const own = encoding.sequenceIds.flatMap((sequence, i) => (sequence === 1 ? [i] : []));
        const powers = (logits: unknown) => own.map((i) => Math.exp((logits as Float32Array)[i] as number));
        const [starts, ends] = [powers(startLogits), powers(endLogits)];
        const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
        total += sum(starts) * sum(ends);
        own.forEach((first, i) => {
          for (const [j, last] of own.entries()) {
            const range = `${encoding.offsets[first]?.[0]}-${encoding.offsets[last]?.[1]}`;
            const score = starts[i]! * ends[j]!;
            if (j >= i && j < i + 5) spans.set(range, Math.max(score, spans.get(range) ?? 0));
          }
        });
      }
      model.close();
      const expected = [...spans].sort(([, a], [, b]) => b - a).slice(0, 8);
      const answers = await answerer.answer(QUESTION, context, { top: 8, stride: 10, maxAnswerTokens: 5 });
      expect(answers.map(({ start, end }) => `${start}-${end}`)).toEqual(expected.map(([range]) => range));
      answers.forEach(({ score, text, start, end }, i) => {
        expect(score).toBeCloseTo((expected[i]?.[1] as number) / total, 6);
        expect(text).toBe(context.slice(start, end));
      });
    });

    it("are the same bits whatever is answered together", async () => {
      const questions = [SENTENCE, LONG, "a man"].map((context) => ({ question: QUESTION, context }));
      for (const options of [
        { top: 3 },
        { top: 3, noAnswer: true, side: "left" },
        { top: 2, truncation: "truncate" },
      ] as const) {
        const alone = await Promise.all(
          questions.map(({ question, context }) => answerer.answer(question, context, options)),
        );
        expect(await answerer.answer(questions, { ...options, batchTokens: 60 })).toEqual(alone);
      }
    });
  });
}

const backend = await createBackend(undefined, { threads: 2 });

async function load(folder = QA): Promise<Answerer> {
  const answerer = await Answerer.load(folder, { backend });
  onTestFinished(() => answerer.dispose());
  return answerer;
}

describeShared("Answerer", "goldens/pipelines", () => {
  it("gives one answer, several, or none", async () => {
    const answerer = await load();
    const best = await answerer.answer(QUESTION, SENTENCE);
    const three = await answerer.answer(QUESTION, SENTENCE, { top: 3 });
    expect([three[0], three.length]).toEqual([best, 3]);
    const streamed = [];
    for await (const answer of answerer.answer(new Set([{ question: QUESTION, context: SENTENCE }])))
      streamed.push(answer);
    expect(streamed).toEqual([best]);
    expect(await answerer.answer([])).toEqual([]);
    const detail = await answerer.answer(QUESTION, SENTENCE, { detail: true });
    expect(detail).toMatchObject({ answers: [best], truncated: false, droppedCharacters: 0 });
    const none = { noAnswer: true, noAnswerThreshold: -1000 };
    expect(await answerer.answer(QUESTION, SENTENCE, none)).toMatchObject({ text: "", start: 0, end: 0 });
    const some = await answerer.answer(QUESTION, SENTENCE, { noAnswer: true, noAnswerThreshold: 1000 });
    expect(some).toMatchObject({ text: best.text, start: best.start });
    expect(some.score).toBeLessThan(best.score); // "no answer" has a share of it
  });

  it("reads 20,000 tokens, and finds what the best of the pieces holds", async () => {
    const answerer = await load(contextFreeFolder("pipelines/qa"));
    const words = SENTENCE.match(/\p{L}+/gu) as string[];
    const pieces = Array.from({ length: 700 }, (_, i) =>
      Array.from({ length: 12 }, (_, k) => words[((i * k + i) % 7) + (k % 5)]).join(" "),
    );
    pieces[431] = SENTENCE;
    const context = pieces.join(" ");
    const options = { maxAnswerTokens: 6, detail: true } as const;
    const { answers: [answer], tokens } = await answerer.answer(QUESTION, context, options); // biome-ignore format: one
    expect(tokens).toBeGreaterThan(20_000);
    const logits = await answerer.answer(
      pieces.map((piece) => ({ question: QUESTION, context: `${piece} ${piece}` })),
      options,
    );
    const found = logits.map(({ answers: [it] }) => it?.text);
    expect(found).toContain(answer?.text);
    expect(context.slice(answer?.start, answer?.end)).toBe(answer?.text);
    expect(context.indexOf(answer?.text as string)).toBe(answer?.start);
  });

  it("tells what is wrong", async () => {
    const answerer = await load();
    const ask = (question: string, context: string, options = {}) => answerer.answer(question, context, options);
    await expect(ask("a man ".repeat(30), "a")).rejects.toThrow(
      "The question has 48 or more tokens, which with 3 special ones leaves no room for the context",
    );
    await expect(ask("a man ".repeat(22), LONG, { stride: 1 })).rejects.toThrow("windows hold 1 tokens of the context");
    await expect(ask(QUESTION, LONG, { stride: 60 })).rejects.toThrow("and stride is 60; pass a smaller one");
    await expect(ask(" ", "a")).rejects.toThrow("question is empty");
    await expect(ask("a", "")).rejects.toThrow("context is empty");
    await expect(ask("a", undefined as never)).rejects.toThrow("context is of type undefined");
    await expect(answerer.answer([{ question: "a", context: 7 as never }])).rejects.toThrow(
      "Question 0: context is of",
    );
    await expect(ask("a", "b", { top: 0 })).rejects.toThrow("top is 0");
    await expect(ask("a", "b", { maxAnswerTokens: 0 })).rejects.toThrow("maxAnswerTokens is 0");
    await expect(ask("a", "b", { noAnswerThreshold: Number.NaN })).rejects.toThrow("noAnswerThreshold is NaN");
    await expect(ask("a", LONG, { truncation: "error" })).rejects.toThrow("this model reads at most 48");
    await expect(Answerer.load()).rejects.toThrow("Answerer has no default one");
    await expect(load(sharedPath("goldens/pipelines/tagger"))).rejects.toThrow(
      "It opens as Tagger, Embedder or Encoder.",
    );
  });
});

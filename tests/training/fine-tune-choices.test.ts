import { join } from "node:path";
import { expect, test } from "vitest";
import { Answerer } from "../../src/tasks/answerer.ts";
import { MultipleChoice } from "../../src/tasks/multiple-choice.ts";
import { evaluate } from "../../src/training/evaluate/evaluate.ts";
import { fineTune } from "../../src/training/fine-tune/fine-tune.ts";
import { jsonText } from "../support/json-text.ts";
import { jsonLines, runCli, tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { QUICK, tune } from "../support/tune.ts";

const MAKERS = ["bees", "rain", "honey"];

/** "what make ..." is answered by the word before "make"; a context without "make" has no answer. */
function squad(withNone: boolean): object {
  const questions = Array.from({ length: 24 }, (_, i) => {
    const word = MAKERS[i % 3]!;
    const filler = "the plain and the plain and we all ".repeat(i % 4);
    const context = `${filler}${word} make it . they like it and you`;
    const isNone = withNone && i % 4 === 3;
    const answers = isNone ? [] : [{ text: word, answer_start: filler.length }];
    return { context: isNone ? `${filler}falls on it . they like it and you` : context, answers, id: `q${i}` };
  });
  const paragraphs = questions.map(({ context, ...rest }) => ({
    context,
    qas: [{ ...rest, question: "what do they make ?" }],
  }));
  return { data: [{ title: "bees", paragraphs }] };
}

test.each([
  [false, 0.8],
  [true, 0.7],
])(
  "answers, of which some have none (%s): windows of long contexts are learned; the folder opens as answerer",
  async (withNone, least) => {
    const folder = temporaryFolder({ "train.json": JSON.stringify(squad(withNone)) });
    const data = join(folder, "train.json");
    const output = join(folder, "run");
    const result = await fineTune({
      model: tinyModel(),
      train: data,
      dev: data,
      output,
      ...QUICK,
      epochs: 20,
      maxLength: 24,
      stride: 6,
    });
    expect(result).toMatchObject({ task: "answer", end: "done", fresh: ["qa_outputs.weight", "qa_outputs.bias"] });
    const { exact_match: exact, f1 } = result.best!.metrics;
    expect(f1).toBeGreaterThan(least);
    const { metrics } = await evaluate({ model: join(output, "model"), data, maxLength: 40 });
    expect(metrics.f1).toBeGreaterThan(0.8 * least);
    expect(exact).toBeGreaterThan(0);
    const answerer = await Answerer.load(join(output, "model"));
    const question = "what do they make ?";
    const answer = await answerer.answer(question, "bees make it . they like it and you", { noAnswer: withNone });
    expect(answer).toMatchObject({ text: "bees", start: 0, end: 4 });
    await answerer.dispose();
  },
);

test("evaluate finds what the dev set's figures said, where the windows are the same", async () => {
  const folder = temporaryFolder({ "train.json": JSON.stringify(squad(true)) });
  const data = join(folder, "train.json");
  const argv = ["fine-tune", "--model", tinyModel(), "--task", "answer", "--train", data, "--dev", data];
  const flags = ["--epochs", "4", "--learning-rate", "0.005", "--batch-size", "8"];
  const { exitCode, stdout } = await runCli([...argv, ...flags, "--output", join(folder, "run")]);
  expect(exitCode).toBe(0);
  const [{ best } = { best: undefined }] = jsonLines<{ best: { metrics: { f1: number; exact_match: number } } }>(
    stdout,
  );
  const { metrics } = await evaluate({ model: join(folder, "run/model"), data });
  expect(metrics.f1).toBeCloseTo(best!.metrics.f1, 9);
  expect(metrics.exact_match).toBeCloseTo(best!.metrics.exact_match, 9);
});

test("choices: the right one of two or three is learned; the folder opens as multiple-choice model", async () => {
  const rows = Array.from({ length: 24 }, (_, i) => {
    const right = i % 2 === 0 ? "bees like honey" : "rain falls on the plain";
    const choices = [right, "we all do", ...(i % 3 === 0 ? ["how is it"] : [])];
    const turned = [...choices.slice(i % choices.length), ...choices.slice(0, i % choices.length)];
    return { text: i % 2 === 0 ? "the bees" : "the rain", choices: turned, label: turned.indexOf(right) };
  });
  const { result, folder } = await tune(rows, { epochs: 8 });
  expect(result).toMatchObject({ task: "choice", end: "done" });
  expect(result.best!.metrics.accuracy).toBeGreaterThan(0.9);
  const { metrics } = await evaluate({ model: join(folder, "model"), data: join(folder, "../dev.jsonl") });
  expect(metrics.accuracy).toBe(result.best!.metrics.accuracy);
  const model = await MultipleChoice.load(join(folder, "model"));
  const [best] = await model.choose({ text: "the bees", choices: ["we all do", "bees like honey"] });
  expect(best).toMatchObject({ index: 1, text: "bees like honey" });
  await model.dispose();
});

test("a label that is no choice is told", async () => {
  const folder = temporaryFolder({ "a.jsonl": jsonText([{ text: "the bees", choices: ["a", "the"], label: 2 }]) });
  const run = fineTune({ model: tinyModel(), train: join(folder, "a.jsonl"), output: join(folder, "run"), ...QUICK });
  await expect(run).rejects.toThrow(
    'a.jsonl, line 1: label is "2"; expected one of the 2 choices or its number, from 0.',
  );
});

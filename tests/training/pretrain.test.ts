import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MaskFiller } from "../../src/tasks/mask-filler.ts";
import { ReplacedTokenDetector } from "../../src/tasks/replaced-token-detector.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import type { PretrainOptions } from "../../src/training/pretraining/pretrain-options.ts";
import { readMetricLog } from "../../src/training/runs/metric-log.ts";
import { trainTokenizer } from "../../src/training/train-tokenizer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const SENTENCES = [
  "The bees make honey in the garden.",
  "The rain falls on the plain in spring.",
  "A small bird sings in the old tree.",
  "We like bread with butter and honey.",
];

/** Short documents of four sentences, parted by blank lines. */
function documents(count: number): string {
  const lines = (i: number) => SENTENCES.map((_, j) => SENTENCES[(i + j) % SENTENCES.length]).join("\n");
  return Array.from({ length: count }, (_, i) => lines(i)).join("\n\n");
}

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cloze-pretrain-"));
  const files = { "corpus.txt": documents(40), "dev.txt": documents(6), "names.txt": "small bird\nbread\n" };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  await trainTokenizer([join(folder, "corpus.txt")], {
    vocabularySize: 60,
    lowercase: true,
    output: join(folder, "tokenizer"),
  });
});

type Given = Partial<PretrainOptions>;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function train(output: string, given: Given = {}) {
  const shape: Given = {
    architecture: "bert",
    layers: 1,
    hiddenSize: 16,
    heads: 2,
    tokenizer: join(folder, "tokenizer"),
  };
  return pretrain({
    ...(given.model === undefined ? shape : {}),
    corpus: [join(folder, "corpus.txt")],
    dev: [join(folder, "dev.txt")],
    devRows: 16,
    length: 16,
    batchSize: 8,
    steps: 12,
    learningRate: 2e-2,
    evaluateEvery: 4,
    checkpointEvery: 3,
    logEvery: 2,
    output,
    backend: "reference",
    ...given,
  });
}

const modelOf = (run: string) => readFileSync(join(run, "model", "model.safetensors"));
const logOf = (run: string) => readFileSync(join(run, "metrics.jsonl"), "utf8");

function lossesOf(run: string): number[] {
  return readMetricLog(join(run, "metrics.jsonl")).flatMap(({ validationLoss }) =>
    typeof validationLoss === "number" ? [validationLoss] : [],
  );
}

test("from scratch: the loss falls, and the folder holds a model that opens", async () => {
  const run = join(temporaryFolder(), "run");
  const result = await train(run, { steps: 20, evaluateEvery: 10 });
  expect(result).toMatchObject({ steps: 20, skipped: 0, end: "done", model: join(run, "model") });
  const losses = lossesOf(run);
  expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.1);
  expect(existsSync(join(run, "report.html"))).toBe(true);
  expect(readFileSync(join(run, "model", "README.md"), "utf8")).toContain("| validationLoss |");
  const filler = await MaskFiller.load(join(run, "model"), { backend: "reference" });
  expect((await filler.fill("The bees make [MASK].", { top: 3 }))[0]).toHaveLength(3);
  await filler.dispose();
});

test.each([[["whole-word"]], [["mlm+next-sentence"]], [["span+sentence-order"]], [["mlm=2", "next-sentence"]]])(
  "objective %j",
  async (objective) => {
    const run = join(temporaryFolder(), "run");
    await train(run, { objective, length: 32, batchSize: 4, devRows: 8 });
    const losses = lossesOf(run);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  },
);

test("knowledge: three stages on ERNIE with task ids, names of a list", async () => {
  const run = join(temporaryFolder(), "run");
  const notes: string[] = [];
  await train(run, {
    architecture: "ernie",
    config: { use_task_id: true },
    objective: ["knowledge", "sentence-order"],
    entities: join(folder, "names.txt"),
    length: 32,
    batchSize: 4,
    devRows: 8,
    onNote: (note) => notes.push(note),
  });
  expect(lossesOf(run).at(-1)).toBeLessThan(lossesOf(run)[0]!);
  expect(notes[0]).toMatch(/^[1-9]\d* phrases were found/);
});

test("replaced tokens: ELECTRA's generator and discriminator learn together, and both open", async () => {
  const run = join(temporaryFolder(), "run");
  await train(run, { architecture: "electra", objective: ["replaced-tokens"], generatorSize: 0.5 });
  expect(lossesOf(run).at(-1)).toBeLessThan(lossesOf(run)[0]!);
  const detector = await ReplacedTokenDetector.load(join(run, "model"), { backend: "reference" });
  await detector.dispose();
  const generator = await MaskFiller.load(join(run, "generator"), { backend: "reference" });
  await generator.dispose();
});

test("the same seed gives the same model, another seed another", async () => {
  const [first, second, third] = ["a", "b", "c"].map((name) => join(temporaryFolder(), name)) as [
    string,
    string,
    string,
  ];
  await train(first, { dropout: 0.1 });
  await train(second, { dropout: 0.1 });
  await train(third, { dropout: 0.1, seed: 1 });
  expect(modelOf(first).equals(modelOf(second))).toBe(true);
  expect(logOf(first)).toBe(logOf(second));
  expect(modelOf(first).equals(modelOf(third))).toBe(false);
});

test("interrupted and resumed, a run ends with the bits of one that was not", async () => {
  const objective = ["mlm+next-sentence", "span"];
  const whole = join(temporaryFolder(), "run");
  await train(whole, { objective, dropout: 0.1, accumulation: 2 });
  const state = (run: string) => readFileSync(join(run, "checkpoints", "step-0000012", "state.safetensors"));
  for (const stopAt of [5, 8]) {
    const run = join(temporaryFolder(), "run");
    const stop = new AbortController();
    const onProgress: PretrainOptions["onProgress"] = ({ phase, done }) => {
      if (phase === "pretrain" && done === stopAt) stop.abort();
    };
    const options = { objective, dropout: 0.1, accumulation: 2 };
    expect(await train(run, { ...options, signal: stop.signal, onProgress })).toMatchObject({ end: "interrupted" });
    // As after a crash: the checkpoint of the interruption never came to be.
    if (stopAt === 5) rmSync(join(run, "checkpoints", "step-0000005"), { recursive: true });
    expect(await train(run, { ...options, resume: true })).toMatchObject({ end: "done", steps: 12 });
    expect(state(run).equals(state(whole))).toBe(true);
    expect(modelOf(run).equals(modelOf(whole))).toBe(true);
    expect(logOf(run)).toBe(logOf(whole));
  }
});

test("with Adafactor and averaged weights, too, a resumed run ends with the same bits", async () => {
  const [whole, run] = [join(temporaryFolder(), "run"), join(temporaryFolder(), "run")];
  const options: Given = { optimizer: "adafactor", averageDecay: 0.9, steps: 6, devRows: 4 };
  await train(whole, options);
  const stop = new AbortController();
  const onProgress: PretrainOptions["onProgress"] = ({ phase, done }) => {
    if (phase === "pretrain" && done === 5) stop.abort();
  };
  expect(await train(run, { ...options, signal: stop.signal, onProgress })).toMatchObject({ end: "interrupted" });
  await expect(train(run, { ...options, optimizer: "lion", resume: true })).rejects.toThrow("optimizer");
  await train(run, { ...options, resume: true });
  const state = (of: string) => readFileSync(join(of, "checkpoints", "step-0000006", "state.safetensors"));
  expect(state(run).equals(state(whole))).toBe(true);
  expect(modelOf(run).equals(modelOf(whole))).toBe(true);
  expect(logOf(run)).toBe(logOf(whole));
});

test("two batches of four rows are one step of eight: the same rows, the same masks, the same mean", async () => {
  const one = join(temporaryFolder(), "run");
  const two = join(temporaryFolder(), "run");
  const steps = { steps: 3, logEvery: 1, learningRate: 1e-3 };
  await train(one, steps);
  await train(two, { ...steps, batchSize: 4, accumulation: 2 });
  const losses = (run: string) => readMetricLog(join(run, "metrics.jsonl")).map(({ loss }) => Number(loss ?? 0));
  for (const [i, loss] of losses(one).entries()) expect(losses(two)[i]).toBeCloseTo(loss, 4);
});

test("going on from a model: its weights, names and files stay; fresh weights are told", async () => {
  const first = join(temporaryFolder(), "run");
  await train(first);
  const second = join(temporaryFolder(), "run");
  const notes: string[] = [];
  const options = { model: join(first, "model"), objective: ["mlm+next-sentence"], learningRate: 1e-3 };
  await train(second, { ...options, onNote: (note) => notes.push(note) });
  expect(notes[0]).toMatch(/4 weights are fresh, the model had none: bert\.pooler/);
  expect(lossesOf(second)[0]).toBeLessThan(lossesOf(first)[0]! + 1);
  const filler = await MaskFiller.load(join(second, "model"), { backend: "reference" });
  await filler.dispose();
});

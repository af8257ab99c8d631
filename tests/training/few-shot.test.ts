import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Classifier } from "../../src/tasks/classifier.ts";
import { evaluate } from "../../src/training/evaluate/evaluate.ts";
import { contrastivePairs } from "../../src/training/fine-tune/contrastive-pairs.ts";
import { fineTune } from "../../src/training/fine-tune/fine-tune.ts";
import type { FineTuneOptions } from "../../src/training/fine-tune/fine-tune-options.ts";
import { fitLogisticRegression } from "../../src/training/fine-tune/logistic-regression.ts";
import { jsonText } from "../support/json-text.ts";
import { tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ROWS = [
  ["the bees and honey", "bee"],
  ["the honey bees like", "bee"],
  ["bees like it", "bee"],
  ["the rain and plain", "rain"],
  ["rain falls on the plain", "rain"],
  ["the falls and rain", "rain"],
].map(([text, label]) => ({ text: text!, label: label! }));

function options(): FineTuneOptions {
  const folder = temporaryFolder({ "train.jsonl": jsonText(ROWS), "dev.jsonl": jsonText(ROWS) });
  const [train, dev] = [join(folder, "train.jsonl"), join(folder, "dev.jsonl")];
  return { model: tinyModel(), train, dev, output: join(folder, "run"), fewShot: true, learningRate: 5e-3, dropout: 0 };
}

const weightsOf = (folder: string) =>
  ["model.safetensors", `${readModules(folder).at(-1)!.path}/model.safetensors`].map((name) =>
    readFileSync(join(folder, name), "hex"),
  );

function readModules(folder: string): { readonly path: string; readonly type: string }[] {
  return JSON.parse(readFileSync(join(folder, "modules.json"), "utf8"));
}

describe("few-shot tuning", () => {
  test("writes an embedder and a classifier that ends with a head; evaluate says the same", async () => {
    const call = options();
    const result = await fineTune(call);
    expect(result).toMatchObject({ task: "classify", end: "done", steps: 15, fresh: ["linear.weight", "linear.bias"] });
    expect(result.best!.metrics.accuracy).toBe(1);
    const model = join(call.output, "model");
    expect(readModules(model).at(-1)).toMatchObject({ type: "sentence_transformers.models.Dense" });
    const classifier = await Classifier.load(model);
    expect(classifier.labels).toEqual(["bee", "rain"]);
    const { label, scores } = await classifier.classify("the honey and bees");
    expect(label).toBe("bee");
    expect(scores.bee! + scores.rain!).toBeCloseTo(1, 6);
    await classifier.dispose();
    const { metrics } = await evaluate({ model, data: call.dev! });
    expect(metrics.log_loss).toBeCloseTo(result.best!.metrics.log_loss!, 12);
    expect(readFileSync(join(model, "README.md"), "utf8")).toContain("Labels: bee, rain.");
    expect(readFileSync(join(call.output, "report.html"), "utf8")).toContain("Calibration");
  });

  test("interrupted and resumed, it ends with the same bytes", async () => {
    const [whole, halves] = [options(), options()];
    await fineTune(whole);
    const stop = new AbortController();
    const onProgress = ({ done }: { done: number }) => done === 7 && stop.abort();
    expect(await fineTune({ ...halves, signal: stop.signal, onProgress })).toMatchObject({ end: "interrupted" });
    expect(existsSync(join(halves.output, "model"))).toBe(false);
    expect(await fineTune({ ...halves, resume: true })).toMatchObject({ end: "done" });
    const [expected, got] = [whole, halves].map(({ output }) => weightsOf(join(output, "model")));
    expect(got).toEqual(expected);
  });

  test("is for single texts with a label", async () => {
    const folder = temporaryFolder({ "pairs.jsonl": jsonText([{ text1: "a", text2: "b", label: "x" }]) });
    const call = { ...options(), train: join(folder, "pairs.jsonl"), dev: undefined };
    await expect(fineTune(call)).rejects.toThrow(/fewShot takes single texts with one "label" each/);
  });
});

test("pairs: as many alike as not, never a text with itself where there is another", () => {
  const rows = ROWS.map((row, i) => ({ ...row, where: `row ${i}` }));
  const pairs = contrastivePairs(rows, { count: 5, seed: 1 });
  expect(pairs).toHaveLength(60);
  const labelOf = (text: string) => ROWS.find((row) => row.text === text)!.label;
  for (const { text = "", pair = "", label } of pairs) {
    expect(text).not.toBe(pair);
    expect(labelOf(text) === labelOf(pair)).toBe(label === "1");
  }
});

test("logistic regression: where it ends, the gradient of loss and penalty is zero", () => {
  const vectors = [
    [1, 0.5],
    [0.8, -0.2],
    [-1, 0.3],
    [0.1, 2],
    [-0.4, 1.5],
    [-1.2, -0.7],
  ].map((x) => Float32Array.from(x));
  const gold = [0, 0, 1, 2, 2, 1];
  const { weight, bias } = fitLogisticRegression(vectors, gold, 3);
  const gradient = new Float64Array(weight);
  for (const [row, x] of vectors.entries()) {
    const logits = [0, 1, 2].map((k) => weight[2 * k]! * x[0]! + weight[2 * k + 1]! * x[1]! + bias[k]!);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    for (let k = 0; k < 3; k++) {
      const error = Math.exp(logits[k]!) / total - Number(gold[row] === k);
      for (let i = 0; i < 2; i++) gradient[2 * k + i]! += error * x[i]!;
    }
  }
  for (const slope of gradient) expect(Math.abs(slope)).toBeLessThan(1e-4);
  expect(weight.some((value) => Math.abs(value) > 0.3)).toBe(true);
});

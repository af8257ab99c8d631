import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Classifier } from "../../src/tasks/classifier.ts";
import { evaluate } from "../../src/training/evaluate/evaluate.ts";
import { fineTune } from "../../src/training/fine-tune/fine-tune.ts";
import type { FineTuneOptions } from "../../src/training/fine-tune/fine-tune-options.ts";
import { jsonText } from "../support/json-text.ts";
import { tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const WORDS = ["bees", "honey", "like", "rain", "plain", "falls"];
const RECIPE = { epochs: 6, learningRate: 5e-3, batchSize: 8, keep: "last" } as const;

/** Texts of one kind or the other; of the dev set every fifth is labelled wrongly, so that no model may be sure. */
function labelled(count: number, wrongEvery = Number.POSITIVE_INFINITY): object[] {
  return Array.from({ length: count }, (_, i) => {
    const kind = i % 2;
    const text = `the ${WORDS[3 * kind + (i % 3)]} and ${WORDS[3 * kind + ((i + 1) % 3)]}`;
    const isWrong = (i + 1) % wrongEvery === 0;
    return { text, label: (kind === 0) === isWrong ? "rain" : "bee" };
  });
}

/** Each word is a label of its own; "falls" is never one of the dev set's. */
function several(count: number, without?: string): object[] {
  return Array.from({ length: count }, (_, i) => {
    const own = [WORDS[i % 6]!, WORDS[(i * 5 + 2) % 6]!];
    return { text: `the ${own[0]} and ${own[1]}`, labels: [...new Set(own)].filter((word) => word !== without) };
  });
}

function options(train: readonly object[], dev: readonly object[]): FineTuneOptions {
  const folder = temporaryFolder({ "train.jsonl": jsonText(train), "dev.jsonl": jsonText(dev) });
  const file = (name: string) => join(folder, name);
  return { model: tinyModel(), train: file("train.jsonl"), dev: file("dev.jsonl"), output: file("run"), ...RECIPE };
}

const configOf = (folder: string) => JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));

test("the temperature of a model that is too sure: better probabilities, the same labels, for all who open the folder", async () => {
  const given = { ...options(labelled(24), labelled(20, 5)), epochs: 25 };
  const plain = await fineTune({ ...given, output: `${given.output}-plain` });
  const fitted = await fineTune({ ...given, fitScores: true });
  const [before, after] = [plain.best!.metrics, fitted.best!.metrics];
  expect(before.accuracy).toBe(after.accuracy);
  expect(after.log_loss).toBeLessThan(before.log_loss!);
  expect(after.ece).toBeLessThan(before.ece!);
  const temperature = configOf(fitted.model!).cloze_temperature;
  expect(temperature).toBeGreaterThan(1);
  const { metrics } = await evaluate({ model: fitted.model!, data: given.dev! });
  expect(metrics.log_loss).toBeCloseTo(after.log_loss!, 6);
  const classifiers = await Promise.all([plain.model, fitted.model].map((model) => Classifier.load(model)));
  const [sure, calm] = await Promise.all(classifiers.map((it) => it.classify("the bees and honey")));
  expect(classifiers.map((it) => it.temperature)).toEqual([1, temperature]);
  expect(calm!.label).toBe(sure!.label);
  const logit = (score: number) => Math.log(score / (1 - score));
  expect(logit(calm!.score)).toBeCloseTo(logit(sure!.score) / temperature, 3);
  await Promise.all(classifiers.map((it) => it.dispose()));
  const again = await fineTune({ ...given, model: fitted.model!, epochs: 1, output: `${given.output}-again` });
  expect(configOf(again.model!).cloze_temperature ?? null).toBeNull();
});

test("thresholds of several labels: F1 on the dev set is no lower, results name the labels, an option stands above", async () => {
  const dev = several(18, "falls");
  const given = { ...options(several(24), dev), epochs: 3, learningRate: 2e-3 };
  const plain = await fineTune({ ...given, output: `${given.output}-plain` });
  const fitted = await fineTune({ ...given, fitScores: true });
  expect(fitted.best!.metrics.f1_micro).toBeGreaterThan(plain.best!.metrics.f1_micro!);
  const thresholds: number[] = configOf(fitted.model!).cloze_thresholds;
  expect(thresholds).toHaveLength(6);
  const classifier = await Classifier.load(fitted.model);
  expect(thresholds[classifier.labels.indexOf("falls")]).toBe(0.5);
  const { chosen, scores } = await classifier.classify("the bees and like");
  const reached = classifier.labels.filter((label, k) => scores[label]! >= thresholds[k]!);
  expect([...chosen!].sort()).toEqual([...reached].sort());
  expect((await classifier.classify("the bees", { activation: "none" })).chosen).toBeUndefined();
  await classifier.dispose();
  const data = { model: fitted.model!, data: given.dev! };
  expect((await evaluate(data)).metrics.f1_micro).toBeCloseTo(fitted.best!.metrics.f1_micro!, 12);
  expect((await evaluate({ ...data, threshold: 0.5 })).metrics.f1_micro).toBeCloseTo(plain.best!.metrics.f1_micro!, 12);
});

test("where every dev row is right there is no best temperature: it stays 1", async () => {
  const { model } = await fineTune({ ...options(labelled(24), labelled(12)), fitScores: true });
  expect(configOf(model!).cloze_temperature).toBe(1);
});

test("mistakes: no dev set, no classes, few-shot", async () => {
  const { dev: _, ...blind } = options(labelled(8), []);
  await expect(fineTune({ ...blind, fitScores: true })).rejects.toThrow("fitScores needs a dev set: pass dev.");
  const pairs = [{ text1: "bees", text2: "honey", score: 1 }];
  const embed = { ...options(pairs, pairs), task: "embed", fitScores: true } as const;
  await expect(fineTune(embed)).rejects.toThrow("fitScores is for texts with one label or several; this is embed.");
  const shots = { ...options(labelled(8), labelled(8)), fewShot: true, fitScores: true };
  await expect(fineTune(shots)).rejects.toThrow("fitScores and fewShot are both given");
});

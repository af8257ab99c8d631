import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Classifier } from "../../src/tasks/classifier.ts";
import { fineTune } from "../../src/training/fine-tune/fine-tune.ts";
import { type FineTuneSeedsOptions, fineTuneSeeds } from "../../src/training/fine-tune/fine-tune-seeds.ts";
import { jsonText } from "../support/json-text.ts";
import { tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Texts that a short training tells apart more or less well. */
const ROWS = Array.from({ length: 16 }, (_, i) => ({
  text: `the ${["bees", "honey", "rain", "plain"][(i * 7) % 4]} and ${["like", "falls"][i % 2]}`,
  label: (i * 7) % 4 < 2 ? "bee" : "rain",
}));

function options(): Omit<FineTuneSeedsOptions, "seeds"> {
  const folder = temporaryFolder({ "train.jsonl": jsonText(ROWS), "dev.jsonl": jsonText(ROWS.slice(0, 9)) });
  const file = (name: string) => join(folder, name);
  const recipe = { epochs: 2, learningRate: 2e-3, batchSize: 8 };
  return { model: tinyModel(), train: file("train.jsonl"), dev: file("dev.jsonl"), output: file("runs"), ...recipe };
}

const weightsOf = (folder: string) => readFileSync(join(folder, "model.safetensors"));

test("each seed is the run that it would be alone; the best one is model/, means and deviations are of all", async () => {
  const given = options();
  const { runs, bestSeed, mean, standardDeviation, model, end } = await fineTuneSeeds({ ...given, seeds: [3, 1, 2] });
  expect(end).toBe("done");
  expect(readdirSync(given.output).sort()).toEqual(["model", "seed-1", "seed-2", "seed-3", "seeds.json"]);
  const alone = await fineTune({ ...given, seed: 1, output: join(given.output, "../alone") });
  expect(weightsOf(runs[1]!.model!)).toEqual(weightsOf(alone.model!));
  const losses = runs.map(({ best }) => best!.metrics.log_loss!);
  expect(new Set(losses).size).toBe(3);
  const middle = (losses[0]! + losses[1]! + losses[2]!) / 3;
  expect(mean.log_loss).toBeCloseTo(middle, 12);
  const squares = losses.reduce((sum, loss) => sum + (loss - middle) ** 2, 0);
  expect(standardDeviation.log_loss).toBeCloseTo(Math.sqrt(squares / 2), 12);
  const accuracies = runs.map(({ best }) => best!.metrics.accuracy!);
  const best = runs[accuracies.indexOf(Math.max(...accuracies))]!;
  expect(bestSeed).toBe(best.seed);
  expect(weightsOf(model!)).toEqual(weightsOf(best.model!));
  const told = JSON.parse(readFileSync(join(given.output, "seeds.json"), "utf8"));
  expect(told).toMatchObject({ bestSeed, mean, standardDeviation, runs: [{ seed: 3 }, { seed: 1 }, { seed: 2 }] });
  const classifier = await Classifier.load(model);
  expect(classifier.labels).toEqual(["bee", "rain"]);
  await classifier.dispose();
});

test("interrupted in the second run, it goes on there, and ends as if it had not been", async () => {
  const given = options();
  const stop = new AbortController();
  let lines = 0;
  const onMetrics = (line: object) => {
    if ("accuracy" in line && ++lines === 3) stop.abort();
  };
  const stopped = await fineTuneSeeds({ ...given, seeds: [0, 1], onMetrics, signal: stop.signal });
  expect(stopped).toMatchObject({ end: "interrupted", model: undefined, bestSeed: undefined });
  expect(stopped.runs.map(({ seed, end }) => [seed, end])).toEqual([
    [0, "done"],
    [1, "interrupted"],
  ]);
  await expect(fineTuneSeeds({ ...given, seeds: [0, 1] })).rejects.toThrow("--resume");
  const resumed = await fineTuneSeeds({ ...given, seeds: [0, 1], resume: true });
  const whole = await fineTuneSeeds({ ...given, seeds: [0, 1], output: join(given.output, "../whole") });
  expect(resumed.mean).toEqual(whole.mean);
  expect(resumed.bestSeed).toBe(whole.bestSeed);
  expect(weightsOf(resumed.model!)).toEqual(weightsOf(whole.model!));
});

test("without a dev set the first seed's model is kept; seeds that are none are refused", async () => {
  const { dev: _, ...given } = options();
  const result = await fineTuneSeeds({ ...given, seeds: [5, 4] });
  expect(result).toMatchObject({ bestSeed: 5, mean: {}, end: "done" });
  expect(weightsOf(result.model!)).toEqual(weightsOf(result.runs[0]!.model!));
  for (const seeds of [[], [1, 1], [-1], [0.5]]) {
    await expect(fineTuneSeeds({ ...given, seeds })).rejects.toThrow("expected whole numbers from 0");
  }
});

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createBackend } from "../../src/backends/choose.ts";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { tensorValues } from "../../src/checkpoints/stored-types.ts";
import { configure } from "../../src/models/load-model.ts";
import { pack } from "../../src/models/packed-batch.ts";
import { Classifier } from "../../src/tasks/classifier.ts";
import { fineTune } from "../../src/training/fine-tune/fine-tune.ts";
import type { FineTuneOptions } from "../../src/training/fine-tune/fine-tune-options.ts";
import { fillRecipe } from "../../src/training/fine-tune/recipe.ts";
import { openStartingPoint, prepareHead } from "../../src/training/fine-tune/starting-point.ts";
import { labelLoss } from "../../src/training/losses/target-losses.ts";
import { TrainableModel } from "../../src/training/trainable-model.ts";
import { jsonText } from "../support/json-text.ts";
import { tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ROWS = Array.from({ length: 24 }, (_, i) => ({
  text: i % 2 === 0 ? `the bees and honey ${i % 3}` : `the rain and plain ${i % 3}`,
  label: i % 2 === 0 ? "bee" : "rain",
}));

async function tune(options: Partial<FineTuneOptions> = {}) {
  const folder = temporaryFolder({ "train.jsonl": jsonText(ROWS) });
  const train = join(folder, "train.jsonl");
  const notes: string[] = [];
  const result = await fineTune({
    model: tinyModel(),
    train,
    dev: train,
    output: join(folder, "run"),
    epochs: 8,
    learningRate: 0.02,
    batchSize: 8,
    lora: 4,
    onNote: (note) => notes.push(note),
    ...options,
  });
  return { folder: join(folder, "run"), result, notes };
}

function weightsOf(folder: string): ReadonlyMap<string, Float32Array> {
  const checkpoint = Checkpoint.open(folder);
  const weights = checkpoint.weights(configure(checkpoint).names);
  return new Map(weights.canonicalNames().map((name) => [name, tensorValues(weights.tensor(name))]));
}

describe("the model that is trained", () => {
  const labels = { config: { id2label: { "0": "a", "1": "b" }, label2id: { a: 0, b: 1 } } };
  const batch = pack([{ ids: [2, 5, 9, 4, 3] }, { ids: [2, 7, 3] }]);

  async function open(loraTargets: readonly string[] | undefined, lora: number | undefined) {
    const start = await openStartingPoint(tinyModel(), {});
    const recipe = fillRecipe({ lora, loraTargets }, start.checkpoint.config);
    const prepared = prepareHead(start, { head: "sequence", config: labels.config, recipe });
    const backend = await createBackend();
    const model = new TrainableModel({
      architecture: prepared.architecture,
      head: "sequence",
      backend,
      tensors: prepared.tensors,
      graph: prepared.graph,
      losses: ({ head }) => [labelLoss("class", head.logits!)],
    });
    const { logits, hidden } = await model.run(batch, ["logits", "hidden"]);
    const names = model.parameters.map(({ name }) => name);
    model.close();
    await backend.close();
    return { logits, hidden, names };
  }

  test.each([
    [["all"], 12],
    [undefined, 4],
    [["attention.output.dense", "key"], 4],
  ] as const)("targets %j: at first it is the base, bit for bit", async (targets, expected) => {
    const [plain, adapted] = [await open(undefined, undefined), await open(targets, 2)];
    expect(adapted.logits).toEqual(plain.logits);
    expect(adapted.hidden).toEqual(plain.hidden);
    const adapters = adapted.names.filter((name) => name.includes(".lora_A."));
    expect(adapters).toHaveLength(expected);
  });

  test("a name that no linear has is an error with those that there are", async () => {
    await expect(open(["qurey"], 2)).rejects.toThrow(/no linear of this model is called so. Choose of "query", "key"/);
  });
});

test("learns; only the chosen linears and the head change; merged and apart give the same", async () => {
  const { folder, result, notes } = await tune();
  expect(result.best!.metrics.accuracy).toBe(1);
  expect(notes.at(-1)).toMatch(/^LoRA of rank 4 on 4 linears: [\d,]+ of [\d,]+ parameters are trained/);
  const [before, after] = [weightsOf(tinyModel()), weightsOf(join(folder, "model"))];
  const changed = [...after.keys()].filter((name) => before.get(name)?.join() !== after.get(name)!.join());
  for (const name of changed) expect(name).toMatch(/(?:query|value)\.weight$|^classifier\.|pooler\.dense/);
  expect(changed.filter((name) => name.endsWith("query.weight"))).toHaveLength(2);
  const apart = weightsOf(join(folder, "adapter"));
  expect([...apart.keys()].sort()).toEqual([...after.keys()].sort());
  for (const [name, values] of after) {
    const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - apart.get(name)![i]!)), 0);
    expect(worst, name).toBe(0);
  }
  const classifier = await Classifier.load(join(folder, "adapter"));
  expect((await classifier.classify("the bees and honey 1")).label).toBe("bee");
  await classifier.dispose();
});

test("merged weights give what the adapters gave while training", async () => {
  const { folder, result } = await tune({ epochs: 2, loraTargets: ["all"], loraDropout: 0.1, keep: "last" });
  const log = readFileSync(join(folder, "dev-predictions.jsonl"), "utf8").trimEnd().split("\n");
  const classifier = await Classifier.load(join(folder, "model"));
  for (const line of log.slice(0, 6)) {
    const { text, confidence } = JSON.parse(line) as { text: string; confidence: number };
    expect((await classifier.classify(text)).score).toBeCloseTo(confidence, 5);
  }
  expect(result.steps).toBe(6);
  await classifier.dispose();
});

test("an adapter that does not fit, or asks for more, is refused", async () => {
  const { folder } = await tune({ epochs: 1 });
  const file = join(folder, "adapter/adapter_config.json");
  const config = JSON.parse(readFileSync(file, "utf8"));
  const openWith = (changes: object) => {
    writeFileSync(file, JSON.stringify({ ...config, ...changes }));
    return () => Checkpoint.open(join(folder, "adapter"));
  };
  expect(openWith({ use_dora: true })).toThrow("adapter_config.json: use_dora is true, which is not supported.");
  expect(openWith({ rank_pattern: { query: 3 } })).toThrow(/rank_pattern is {"query":3}/);
  expect(openWith({ peft_type: "IA3" })).toThrow(/expected "LORA"/);
  expect(openWith({ base_model_name_or_path: "nobody/nothing" })).toThrow(/which is no folder here. Pull it/);
  expect(openWith({})).not.toThrow();
});

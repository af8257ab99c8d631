import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Tagger } from "../../src/tasks/tagger.ts";
import { evaluate } from "../../src/training/evaluate/evaluate.ts";
import { fineTune } from "../../src/training/fine-tune/fine-tune.ts";
import { jsonText } from "../support/json-text.ts";
import { tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { logOf, QUICK, tune } from "../support/tune.ts";

/** Two words make a name; "xylo" is unknown to the model. */
const ROWS = Array.from({ length: 16 }, (_, i) => ({
  tokens: ["the", ["bees", "honey"][i % 2]!, ["falls", "rain", "plain"][i % 3]!, "on", "xylo"].slice(0, 3 + (i % 3)),
  tags: ["O", "B-BEE", "I-BEE", "O", "O"].slice(0, 3 + (i % 3)),
}));
const configOf = (folder: string) => JSON.parse(readFileSync(join(folder, "model/config.json"), "utf8"));
const weightsOf = (folder: string) => readFileSync(join(folder, "model/model.safetensors"));
const CRF = { crf: true, epochs: 10, dropout: 0 } as const;

test("whole sequences are learned; transitions stand in config.json, and tagger and evaluate obey them", async () => {
  const { result, folder } = await tune(ROWS, CRF);
  expect(result.best!.metrics.f1).toBe(1);
  const losses = logOf(folder).flatMap(({ loss }) => loss ?? []);
  expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
  const config = configOf(folder);
  const labels = Object.values(config.id2label);
  const count = labels.length;
  expect(config.cloze_crf).toHaveLength((count + 2) * count);
  const step = (from: string, to: string) => config.cloze_crf[labels.indexOf(from) * count + labels.indexOf(to)];
  expect(step("B-BEE", "I-BEE")).toBeGreaterThan(step("O", "I-BEE"));
  const model = join(folder, "model");
  const { metrics } = await evaluate({ model, data: join(folder, "../dev.jsonl") });
  expect(metrics.f1).toBe(1);
  const tagger = await Tagger.load(model);
  expect((await tagger.tag("the honey rain")).map(({ label, text }) => [label, text])).toEqual([["BEE", "honey rain"]]);
  await tagger.dispose();

  // Where no tag may follow another but "O", and nothing else may begin, all is outside.
  const outside = labels.indexOf("O");
  const only = config.cloze_crf.map((_: number, i: number) => (i % count === outside ? 0 : -1000));
  const changed = temporaryFolder({});
  cpSync(model, changed, { recursive: true });
  writeFileSync(join(changed, "config.json"), JSON.stringify({ ...config, cloze_crf: only }));
  const silent = await Tagger.load(changed);
  expect(await silent.tag("the honey rain")).toEqual([]);
  await silent.dispose();
  writeFileSync(join(changed, "config.json"), JSON.stringify({ ...config, cloze_crf: [1, 2] }));
  await expect(Tagger.load(changed)).rejects.toThrow("cloze_crf has 2 numbers; expected");
});

test("the loss before any step is that of all sequences alike, and the same run resumed has the same bytes", async () => {
  const quick = { ...CRF, epochs: 2, learningRate: 1e-9, clip: 1e9 };
  const { folder: still } = await tune(ROWS, quick);
  const words = ROWS.reduce((sum, { tokens }) => sum + tokens.length, 0) / ROWS.length;
  // Fresh logits and transitions of about 0: each word is one of 3 tags.
  expect(logOf(still).find(({ loss }) => loss !== undefined)!.loss! / Math.log(3)).toBeCloseTo(1, 0);
  expect(words).toBeGreaterThan(3);
  const three = { ...CRF, model: tinyModel(), epochs: 3 };
  const whole = await tune(ROWS, three);
  const stop = new AbortController();
  const stopped = await tune(ROWS, {
    ...{ ...three, signal: stop.signal },
    onMetrics: (line) => "f1" in line && stop.abort(),
  });
  expect(stopped.result.end).toBe("interrupted");
  const files = { train: join(stopped.folder, "../train.jsonl"), dev: join(stopped.folder, "../dev.jsonl") };
  const resumed = await fineTune({ ...QUICK, ...three, ...files, output: stopped.folder, resume: true });
  expect(resumed.end).toBe("done");
  expect(configOf(stopped.folder).cloze_crf).toEqual(configOf(whole.folder).cloze_crf);
  expect(weightsOf(stopped.folder)).toEqual(weightsOf(whole.folder));
});

test("mistakes: of other tasks, with all tokens of words", async () => {
  const texts = [
    { text: "bees", label: "a" },
    { text: "rain", label: "b" },
  ];
  await expect(tune(texts, CRF)).rejects.toThrow("crf is for tags; this is classify. Leave it out.");
  await expect(tune(ROWS, { ...CRF, wordTokens: "all" })).rejects.toThrow("Pass one of them.");
});

test("tuned again without it, the model has none", async () => {
  const { folder } = await tune(ROWS, { ...CRF, epochs: 1 });
  const again = await tune(ROWS, { model: join(folder, "model"), epochs: 1 });
  expect(configOf(again.folder).cloze_crf ?? null).toBeNull();
  const data = temporaryFolder({ "rows.jsonl": jsonText(ROWS) });
  await evaluate({ model: join(again.folder, "model"), data: join(data, "rows.jsonl") });
});

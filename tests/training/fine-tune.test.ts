import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Classifier } from "../../src/tasks/classifier.ts";
import { Embedder } from "../../src/tasks/embedder.ts";
import { Reranker } from "../../src/tasks/reranker.ts";
import { Tagger } from "../../src/tasks/tagger.ts";
import { evaluate } from "../../src/training/evaluate/evaluate.ts";
import { fineTune } from "../../src/training/fine-tune/fine-tune.ts";
import type { FineTuneOptions } from "../../src/training/fine-tune/fine-tune-options.ts";
import { describeBackends } from "../support/each-backend.ts";
import { jsonText } from "../support/json-text.ts";
import { tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { logOf, QUICK, type Run, tune } from "../support/tune.ts";

const BEES = ["bees", "honey", "like"];
const RAIN = ["rain", "plain", "falls"];

/** Texts of words that tell the two classes apart. */
function twoClasses(count = 24): { text: string; label: string }[] {
  return Array.from({ length: count }, (_, i) => {
    const words = i % 2 === 0 ? BEES : RAIN;
    return { text: `the ${words[i % 3]} and ${words[(i + 1) % 3]}`, label: i % 2 === 0 ? "bee" : "rain" };
  });
}

const weightsOf = (folder: string) => readFileSync(join(folder, "model/model.safetensors"));

describe("classification", () => {
  test("two classes that words tell apart are learned; the folder opens as classifier, and says how it was made", async () => {
    const { folder, result, notes, log } = await tune(twoClasses());
    expect(result).toMatchObject({
      task: "classify",
      steps: 18,
      skipped: 0,
      end: "done",
      fresh: ["classifier.weight", "classifier.bias"],
    });
    expect(result.best!.metrics).toMatchObject({ accuracy: 1, f1_macro: 1 });
    expect(notes).toContain("fresh weights: classifier.weight, classifier.bias");
    expect(notes).toContain("24 of 24 rows of dev.jsonl are in train.jsonl too");
    const losses = log.flatMap(({ loss }) => loss ?? []);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    expect(readdirSync(folder).sort()).toEqual(
      ["checkpoints", "config.json", "dev-predictions.jsonl", "metrics.jsonl", "model", "report.html"].sort(),
    );
    const classifier = await Classifier.load(join(folder, "model"));
    expect(classifier.labels).toEqual(["bee", "rain"]);
    expect(await classifier.classify(["the bees and honey", "the rain and plain"])).toMatchObject([
      { label: "bee" },
      { label: "rain" },
    ]);
    await classifier.dispose();
    const { metrics } = await evaluate({
      model: join(folder, "model"),
      data: join(folder, "../dev.jsonl"),
    });
    expect(metrics.log_loss).toBeCloseTo(result.best!.metrics.log_loss!, 6);
    const card = readFileSync(join(folder, "model/README.md"), "utf8");
    for (const part of [
      "## Data",
      "24 rows",
      "Labels: bee, rain",
      "learningRate: 0.005",
      "95 % interval",
      "## Limits",
    ]) {
      expect(card).toContain(part);
    }
    expect(readFileSync(join(folder, "report.html"), "utf8")).toContain("Calibration");
  });

  test("the same seed gives the same weights, another seed others", async () => {
    const runs: Run[] = [];
    for (const seed of [3, 3, 4]) runs.push(await tune(twoClasses(), { epochs: 1, dropout: 0.2, seed }));
    expect(weightsOf(runs[1]!.folder).equals(weightsOf(runs[0]!.folder))).toBe(true);
    expect(weightsOf(runs[2]!.folder).equals(weightsOf(runs[0]!.folder))).toBe(false);
  });

  test("several labels, numbers, pairs", async () => {
    const several = twoClasses().map(({ text, label }, i) => ({
      text,
      labels: i % 4 === 0 ? [label, "fourth"] : [label],
    }));
    const { result, folder } = await tune(several, { epochs: 4 });
    expect(result.best!.metrics.f1_micro).toBeGreaterThan(0.7);
    expect(JSON.parse(readFileSync(join(folder, "model/config.json"), "utf8"))).toMatchObject({
      problem_type: "multi_label_classification",
      id2label: { "0": "bee", "1": "fourth", "2": "rain" },
    });
    const numbers = twoClasses().map(({ text, label }, i) => ({
      text1: text,
      text2: "it is",
      score: label === "bee" ? 2.5 : (i % 3) / 4,
    }));
    const regression = await tune(numbers, { task: "classify", epochs: 16 });
    expect(regression.result.best!.metrics.spearman).toBeGreaterThan(0.8);
    const classifier = await Classifier.load(join(regression.folder, "model"));
    expect(classifier.activation).toBe("none");
    await classifier.dispose();
  });

  test("only the head, or all but the first layers, or with smaller rates below", async () => {
    const before = readFileSync(join(tinyModel(), "model.safetensors"));
    const { result } = await tune(twoClasses(), {
      headOnly: true,
      epochs: 2,
      classWeights: "balanced",
      labelSmoothing: 0.1,
    });
    expect(result.end).toBe("done");
    const stated = { headOnly: true, epochs: 1, focalGamma: 2, classWeights: { bee: 4 } };
    expect((await tune(twoClasses(), stated)).result.end).toBe("done");
    const wrong = tune(twoClasses(), { ...stated, classWeights: { wasp: 4 } });
    await expect(wrong).rejects.toThrow(/classWeights names "wasp"; the training data have "/);
    expect(before.length).toBeGreaterThan(0);
    const run = await tune(twoClasses(), { freezeLayers: 1, layerDecay: 0.5, epochs: 2, patience: 1, keep: "best" });
    expect(["done", "patience"]).toContain(run.result.end);
  });
});

// The reference computes in doubles, of which a checkpoint keeps singles.
await describeBackends(
  "resuming",
  (backend) => {
    test("interrupted and resumed, a run ends with the same bytes", async () => {
      const rows = twoClasses();
      const whole = await tune(rows, { dropout: 0.2, keep: "last", backend });
      const folder = temporaryFolder({ "train.jsonl": jsonText(rows), "dev.jsonl": jsonText(rows) });
      const options = {
        model: tinyModel(),
        train: join(folder, "train.jsonl"),
        dev: join(folder, "dev.jsonl"),
        output: join(folder, "run"),
        ...QUICK,
        dropout: 0.2,
        keep: "last",
        backend,
      } as const;
      const stop = new AbortController();
      const onProgress = ({ done }: { done: number }) => done === 7 && stop.abort();
      const first = await fineTune({ ...options, signal: stop.signal, onProgress });
      expect(first).toMatchObject({ steps: 7, end: "interrupted" });
      const again = await fineTune({ ...options, resume: true });
      expect(again).toMatchObject({ steps: 18, end: "done" });
      expect(weightsOf(options.output).equals(weightsOf(whole.folder))).toBe(true);
      expect(logOf(options.output)).toEqual(whole.log);
      await expect(fineTune({ ...options, resume: true, learningRate: 1 })).rejects.toThrow(
        /was started with learningRate 0.005; now it is 1\./,
      );
      await expect(fineTune(options)).rejects.toThrow(/holds a run already/);
    });
  },
  ["native", "wasm"],
);

test("tags: learned by a word's first token; the folder opens as tagger", async () => {
  const rows = Array.from({ length: 16 }, (_, i) => ({
    tokens: ["the", BEES[i % 3]!, "falls", "on", RAIN[(i + 1) % 3]!, "xylo"],
    tags: ["O", "B-BEE", "O", "O", "B-RAIN", "O"],
  })).map((row, i) => (i % 4 === 0 ? { tokens: row.tokens.slice(0, 3), tags: row.tags.slice(0, 3) } : row));
  const { result, folder } = await tune(rows, { epochs: 12 });
  expect(result.best!.metrics.f1).toBeGreaterThan(0.9);
  const { metrics } = await evaluate({
    model: join(folder, "model"),
    data: join(folder, "../dev.jsonl"),
  });
  expect(metrics.f1).toBeCloseTo(result.best!.metrics.f1!, 12);
  const tagger = await Tagger.load(join(folder, "model"));
  expect((await tagger.tag("the honey falls")).map(({ label }) => label)).toEqual(["BEE"]);
  await tagger.dispose();
});

describe("embeddings", () => {
  const pairs = Array.from({ length: 18 }, (_, i) => {
    const words = [BEES, RAIN, ["make", "how", "what"]][i % 3]!;
    return { anchor: `the ${words[i % 2]} and a`, positive: `it is ${words[2]} with ${words[(i + 1) % 2]}` };
  });

  test("pairs: each nearer to its own; the folder opens as embedder, whatever the loss", async () => {
    const { result, folder, log } = await tune(pairs, { epochs: 4, batchSize: 7, symmetric: true, dimensions: [8] });
    expect(result).toMatchObject({ task: "embed", end: "done", fresh: [] });
    const losses = log.flatMap(({ loss }) => loss ?? []);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    expect(result.best!.metrics["ndcg@10"]).toBeGreaterThan(0.4);
    const embedder = await Embedder.load(join(folder, "model"));
    const [a, b, c] = (await embedder.embed(["the bees and a", "it is like with honey", "it is falls with rain"])) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    expect(embedder.similarity(a, b)).toBeGreaterThan(embedder.similarity(a, c));
    await embedder.dispose();
  });

  test("scores, labels and triplets", async () => {
    const scored = pairs.map(({ anchor, positive }, i) => {
      const other = pairs[(i + (i % 2)) % pairs.length]!.positive;
      return { text1: anchor, text2: i % 2 === 0 ? positive : other, score: i % 2 === 0 ? 4.5 : 0.5 };
    });
    const cosent = await tune(scored, { task: "embed", epochs: 8 });
    expect(cosent.result.best!.metrics.spearman).toBeGreaterThan(0.7);
    const cosine = await tune(scored, { task: "embed", loss: "cosine", epochs: 2 });
    expect(cosine.result.end).toBe("done");
    const labelled = scored.map(({ score, ...row }) => ({ ...row, label: score > 1 ? 1 : 0 }));
    const contrastive = await tune(labelled, { task: "embed", epochs: 8 });
    expect(contrastive.result.best!.metrics.average_precision).toBeGreaterThan(0.8);
    const triplets = pairs.map((row, i) => ({ ...row, negative: pairs[(i + 1) % pairs.length]!.positive }));
    for (const loss of ["triplet", "ranking"] as const) {
      const { result } = await tune(triplets, { loss, epochs: 2 });
      expect(result).toMatchObject({ task: "embed", end: "done" });
    }
    await expect(tune(labelled, { task: "embed", loss: "triplet" })).rejects.toThrow(
      /for which there is "cosent", "angle", "cosine", "contrastive"; loss is "triplet"./,
    );
  });
});

test("a cross-encoder, of labelled pairs, of pairs and of triplets; the folder opens as reranker", async () => {
  const rows = Array.from({ length: 24 }, (_, i) => {
    const [words, others] = i % 2 === 0 ? [BEES, RAIN] : [RAIN, BEES];
    return {
      query: `the ${words[i % 3]}`,
      positive: `it is ${words[(i + 1) % 3]}`,
      negative: `it is ${others[i % 3]}`,
    };
  });
  const pairs = rows.map(({ negative: _, ...row }) => row);
  const labelled = rows.flatMap(({ query }, i) => [
    { text1: query, text2: `it is ${BEES[i % 3]}`, label: 1 },
    { text1: query, text2: `it is ${RAIN[i % 3]}`, label: 0 },
  ]);
  for (const data of [pairs, rows]) {
    const { result } = await tune(data, { task: "rank", epochs: 2 });
    expect(result).toMatchObject({ task: "rank", end: "done" });
    expect(result.best!.metrics["ndcg@10"]).toBeGreaterThan(0.3);
  }
  const { result, folder } = await tune(labelled, { task: "rank", epochs: 4 });
  expect(result.best!.metrics.average_precision).toBeGreaterThan(0.8);
  const reranker = await Reranker.load(join(folder, "model"));
  const ranked = await reranker.rank("the bees", ["it is rain", "it is honey"]);
  expect(ranked.map(({ text }) => text)).toEqual(["it is honey", "it is rain"]);
  expect(ranked.every(({ score }) => score > 0 && score < 1)).toBe(true);
  await reranker.dispose();
  const { metrics } = await evaluate({
    model: join(folder, "model"),
    data: join(folder, "../dev.jsonl"),
    task: "rank",
  });
  expect(metrics.average_precision).toBeCloseTo(result.best!.metrics.average_precision!, 6);
});

test("mistakes are told before anything is trained, and leave no run behind", async () => {
  const folder = temporaryFolder({
    "train.jsonl": jsonText(twoClasses()),
    "one.jsonl": jsonText([{ text: "the bees", label: "bee" }]),
    "unseen.jsonl": jsonText([{ text: "the bees", label: "wasp" }]),
    "plain.jsonl": jsonText([{ text: "the bees" }]),
    "tags.jsonl": jsonText([{ tokens: ["the", "bees"], tags: ["O"] }]),
    "scores.jsonl": jsonText([{ text: "the bees", score: 0.5 }]),
  });
  const model = tinyModel();
  const of = (train: string, options: Partial<FineTuneOptions> = {}) =>
    fineTune({ model, train: join(folder, train), output: join(folder, "run"), ...QUICK, ...options }).then(
      () => "fine",
      (error: Error) => error.message,
    );
  expect(await of("one.jsonl")).toBe(
    'one.jsonl has one label only, "bee", in 1 rows; expected two or more to tell apart.',
  );
  expect(await of("train.jsonl", { dev: join(folder, "unseen.jsonl") })).toBe(
    'unseen.jsonl, line 1: the label "wasp" does not occur in training; there are "bee", "rain".',
  );
  expect(await of("plain.jsonl")).toMatch(/there is nothing to learn from. Name the target's column./);
  expect(await of("tags.jsonl")).toBe("tags.jsonl, line 1 has 1 tags for 2 tokens.");
  expect(await of("train.jsonl", { dev: join(folder, "scores.jsonl") })).toMatch(/^scores.jsonl is read as regression/);
  expect(await of("train.jsonl", { task: "tag" })).toMatch(/to train tag takes "tokens" and "tags"/);
  expect(await of("train.jsonl", { epochs: 0 })).toBe("epochs is 0; expected a whole number, 1 or more.");
  expect(await of("nowhere.jsonl")).toMatch(/There is no data file/);
  expect(existsSync(join(folder, "run"))).toBe(false);
});

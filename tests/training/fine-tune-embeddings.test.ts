import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Embedder } from "../../src/tasks/embedder.ts";
import { evaluate } from "../../src/training/evaluate/evaluate.ts";
import { fineTune } from "../../src/training/fine-tune/fine-tune.ts";
import { writeDenseFolder } from "../support/dense-folder.ts";
import { jsonText } from "../support/json-text.ts";
import { tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { QUICK, tune } from "../support/tune.ts";

const TOPICS = [
  ["bees", "honey", "like"],
  ["rain", "plain", "falls"],
  ["how", "what", "they"],
];
const pairs = Array.from({ length: 18 }, (_, i) => {
  const words = TOPICS[i % 3]!;
  return { anchor: `the ${words[i % 2]} and a`, positive: `it is ${words[2]} with ${words[(i + 1) % 2]}` };
});
const triplets = pairs.map((row, i) => ({ ...row, negatives: [1, 2].map((k) => pairs[(i + k) % 18]!.positive) }));

/** A small BEIR folder: queries of three topics, each with the two documents of its own. */
function collection(): string {
  const documents = TOPICS.flatMap((words, i) =>
    ["we", "you"].map((who, k) => ({ _id: `d${i}${k}`, title: "", text: `${who} all ${words[2]} ${words[k]}` })),
  );
  const queries = TOPICS.flatMap((words, i) =>
    ["the", "a"].map((article, k) => ({ _id: `q${i}${k}`, text: `${article} ${words[0]} and ${words[1]}` })),
  );
  const judged = queries.flatMap(({ _id: id }) => [0, 1].map((k) => `${id}\td${id[1]}${k}\t1`));
  const qrels = ["query-id\tcorpus-id\tscore", ...judged, ""].join("\n");
  return temporaryFolder({
    "corpus.jsonl": jsonText(documents),
    "queries.jsonl": jsonText(queries),
    "qrels/train.tsv": qrels,
    "qrels/dev.tsv": qrels,
  });
}

describe("losses", () => {
  test("angle: likenesses in the order of scores", async () => {
    const scored = pairs.map(({ anchor, positive }, i) => {
      const other = pairs[(i + (i % 2)) % pairs.length]!.positive;
      return { text1: anchor, text2: i % 2 === 0 ? positive : other, score: i % 2 === 0 ? 4.5 : 0.5 };
    });
    const { result } = await tune(scored, { task: "embed", loss: "angle", epochs: 6 });
    expect(result.best!.metrics.spearman).toBeGreaterThan(0.5);
  });

  test("a teacher's scores in the rows, or those of a teacher that is run", async () => {
    const taught = triplets.map((row) => ({ ...row, scores: [9, 1, -2] }));
    for (const loss of ["margin-mse", "divergence"] as const) {
      const { log, result } = await tune(taught, { loss, epochs: 8 });
      expect(result).toMatchObject({ task: "embed", end: "done" });
      const losses = log.flatMap(({ loss }) => loss ?? []);
      expect(losses.at(-1)).toBeLessThan(0.7 * losses[0]!);
    }
    const { notes, log } = await tune(triplets, {
      teacher: tinyModel(),
      loss: "divergence",
      dropout: 0,
      epochs: 1,
      batchSize: 18,
    });
    expect(notes[0]).toMatch(/^embed: unlabelled texts: "anchor", "positive", "negatives", 18 rows$/);
    // The teacher is the student: nothing is left to learn.
    expect(log[0]!.loss).toBeLessThan(1e-3);
    const wrong = tune(taught.map((row) => ({ ...row, scores: [1, 2] })));
    await expect(wrong).rejects.toThrow(/line 1 has 2 scores; expected 3: of what belongs/);
  });
});

test("some rows at a time, with other numbers dropped in each part", async () => {
  const { result, log } = await tune(triplets, { epochs: 6, batchSize: 9, miniBatchSize: 2, dropout: 0.1 });
  expect(result).toMatchObject({ end: "done", skipped: 0 });
  const losses = log.flatMap(({ loss }) => loss ?? []);
  expect(losses.at(-1)).toBeLessThan(losses[0]!);
});

test("a collection for retrieval: learned from its judgements, with mined negatives; chosen by nDCG over all documents", async () => {
  const folder = collection();
  const notes: string[] = [];
  const output = join(folder, "run");
  const result = await fineTune({
    ...QUICK,
    model: tinyModel(),
    train: folder,
    dev: folder,
    output,
    mineNegatives: 2,
    mineRelativeMargin: 0.01,
    mineSampling: "random",
    onNote: (note) => notes.push(note),
  });
  expect(result).toMatchObject({ task: "embed", end: "done" });
  expect(notes[0]).toBe('embed: retrieval: 6 queries of the split "train", 6 documents, 12 rows');
  expect(notes[1]).toMatch(/^\d+ negatives were mined for 12 rows$/);
  expect(result.best!.metrics["ndcg@10"]).toBeGreaterThan(0.8);
  const { metrics } = await evaluate({ model: join(output, "model"), data: folder, split: "dev" });
  expect(metrics["ndcg@10"]).toBeCloseTo(result.best!.metrics["ndcg@10"]!, 9);
  const config = JSON.parse(readFileSync(join(output, "config.json"), "utf8"));
  expect(config.data).toHaveLength(4);
  const classify = fineTune({ ...QUICK, model: tinyModel(), task: "tag", train: folder, output: join(folder, "b") });
  await expect(classify).rejects.toThrow(/is a collection for retrieval, which is for embed or rank; task is "tag"/);
});

test("a Dense module learns, and is saved as Sentence Transformers has it", async () => {
  const start = temporaryFolder();
  writeDenseFolder(tinyModel(), start, [24, 8]);
  const weights = (folder: string) => readFileSync(join(folder, "2_Dense/model.safetensors"));
  const { result, folder } = await tune(pairs, { model: start, epochs: 2 });
  const model = join(folder, "model");
  expect(weights(model).equals(weights(start))).toBe(false);
  const modules = JSON.parse(readFileSync(join(model, "modules.json"), "utf8"));
  expect(modules.map(({ path }: { path: string }) => path)).toEqual(["", "1_Pooling", "2_Dense", "3_Normalize"]);
  const embedder = await Embedder.load(model);
  expect(embedder.dimensions).toBe(8);
  await embedder.dispose();
  // What the run's own model said is what the folder says.
  const scored = pairs.map(({ anchor, positive }, i) => ({ text1: anchor, text2: positive, score: i % 3 }));
  const again = await tune(scored, { model: start, task: "embed", epochs: 2, headOnly: true });
  expect(again.result.best!.metrics.spearman).toBeDefined();
  const { metrics } = await evaluate({ model: join(again.folder, "model"), data: join(again.folder, "../dev.jsonl") });
  expect(metrics.spearman).toBeCloseTo(again.result.best!.metrics.spearman!, 6);
  const encoder = (where: string) => readFileSync(join(where, "model.safetensors"));
  expect(encoder(model).equals(encoder(join(again.folder, "model")))).toBe(false);
  expect(result.end).toBe("done");
});

describe("cross-encoders, listwise", () => {
  const labelled = Array.from({ length: 8 }, (_, i) => {
    const words = TOPICS[i % 2]!;
    const other = TOPICS[(i + 1) % 2]!;
    const query = `the ${words[i % 3]} and a ${i < 4 ? "bee" : "rain"}`;
    return [words, other, other].map((own, k) => ({ text1: query, text2: `it is ${own[k]}`, label: k === 0 ? 1 : 0 }));
  }).flat();

  test("labelled pairs are brought together by query; triplets and pairs are groups as they are", async () => {
    const { result } = await tune(labelled, { task: "rank", loss: "listwise", epochs: 12, batchSize: 4 });
    expect(result).toMatchObject({ end: "done", steps: 24 }); // 8 queries, of 24 rows
    expect(result.best!.metrics["ndcg@10"]).toBeGreaterThan(0.8);
    const { result: second } = await tune(triplets, { task: "rank", loss: "listwise", epochs: 2 });
    expect(second).toMatchObject({ task: "rank", end: "done" });
    await expect(tune(labelled, { task: "rank", loss: "cosent" })).rejects.toThrow(
      'loss is "cosent"; for rank there is "binary", "listwise".',
    );
  });

  test("a collection: negatives and candidates by a retriever, chosen by nDCG", async () => {
    const folder = collection();
    const output = join(folder, "run");
    const retriever = tinyModel();
    const options = { task: "rank", loss: "listwise", mineNegatives: 2, retriever, candidates: 6 } as const;
    const result = await fineTune({ ...QUICK, ...options, model: tinyModel(), train: folder, dev: folder, output });
    expect(result.end).toBe("done");
    const { metrics } = await evaluate({
      model: join(output, "model"),
      data: folder,
      split: "dev",
      retriever,
      candidates: 6,
    });
    expect(metrics["ndcg@10"]).toBeCloseTo(result.best!.metrics["ndcg@10"]!, 9);
  });
});

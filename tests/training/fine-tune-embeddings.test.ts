import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { evaluate } from "../../src/training/evaluate/evaluate.ts";
import { fineTune } from "../../src/training/fine-tune/fine-tune.ts";
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

import { join } from "node:path";
import { expect, test } from "vitest";
import { debugData } from "../../src/training/debug-data.ts";
import { jsonLines, runCli, tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const TRAIN = [
  "text,label",
  "bees make honey,Bee",
  "the rain falls,rain",
  "bees make honey,rain",
  "a bee,Bee",
  ",rain",
  "all the bees,bee",
].join("\n");
const DEV = ["text,label", "a bee,Bee", "the plain,plain", "the rain falls on the plain and on the bees and on the honey,rain"].join("\n"); // biome-ignore format: one

const files = () => {
  const folder = temporaryFolder({ "train.csv": TRAIN, "dev.csv": DEV });
  return { folder, train: join(folder, "train.csv"), dev: join(folder, "dev.csv") };
};

test("counts, labels, duplicates, contradictions, overlaps, empty texts", async () => {
  const { train, dev } = files();
  const { files: reports, overlaps } = await debugData([train, dev]);
  expect(reports[0]).toMatchObject({
    file: train,
    format: "csv",
    task: 'single-label classification: "text" -> "label"',
    rows: 6,
    labels: { rain: 3, Bee: 2, bee: 1 },
    oddLabels: [{ label: "bee", reason: 'differs from "Bee" only in its spelling' }],
    empty: 1,
    duplicates: { rows: 1, examples: [{ first: 1, again: 3 }] },
    conflicts: { rows: 1, examples: [{ first: 1, again: 3 }] },
    lengths: { unit: "characters", longest: 15 },
  });
  expect(overlaps).toEqual([{ files: [train, dev], rows: 1, examples: [{ first: 4, again: 1 }] }]);
});

test("what deserves a look is said in sentences", async () => {
  const { folder, train, dev } = files();
  const { warnings, files: reports } = await debugData([train, dev], { model: tinyModel(), maxLength: 12 });
  expect(reports.map(({ lengths }) => [lengths.unit, lengths.longest, lengths.tooLong])).toEqual([
    ["tokens", 5, 0],
    ["tokens", 16, 1],
  ]);
  expect(warnings.map((text) => text.replaceAll(`${folder}/`, ""))).toMatchInlineSnapshot(`
    [
      "train.csv: rows with an empty text: 1 of 6.",
      "train.csv: rows that repeat an earlier one: 1 of 6 (row 3 = 1).",
      "train.csv: rows that repeat an earlier one but say something else of it: 1 of 6 (row 3 = 1).",
      "train.csv: the label "bee" differs from "Bee" only in its spelling.",
      "dev.csv: rows longer than the model's 12 tokens: 1 of 3.",
      "dev.csv has labels that train.csv does not have: "plain".",
      "dev.csv: inputs that are in train.csv too: 1 (row 1 = 4).",
    ]
  `);
});

test("tags that go on with nothing, one label only, and splits of two kinds", async () => {
  const folder = temporaryFolder({
    "train.conll": "Ada I-PER\nsang O\nin O\nBonn B-LOC\n\n",
    "one.csv": "text,label\na,x\nb,x\n",
  });
  const { warnings } = await debugData(["train.conll", "one.csv"].map((name) => join(folder, name)));
  expect(warnings.map((text) => text.replaceAll(`${folder}/`, ""))).toMatchInlineSnapshot(`
    [
      "train.conll: the label "I-PER" goes on with an entity, but "B-PER" never occurs.",
      "one.csv: "x" is the only label; there is nothing to tell apart.",
      "one.csv is read as single-label classification: "text" -> "label", train.conll as tagging: "tokens" -> "tags".",
      "one.csv has labels that train.conll does not have: "x".",
    ]
  `);
});

test("cloze debug-data prints one object in a pipe", async () => {
  const { train, dev } = files();
  const { exitCode, stdout, stderr } = await runCli(["debug-data", train, dev]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const [report, ...rest] = jsonLines(stdout);
  expect(rest).toEqual([]);
  expect(report).toEqual(await debugData([train, dev]));
});

test("cloze debug-data is readable on a terminal", async () => {
  const { folder, train, dev } = files();
  const { stdout } = await runCli(["debug-data", train, dev], { isTerminal: true, environment: { TERM: "dumb" } });
  expect(stdout.replaceAll(`${folder}/`, "")).toMatchInlineSnapshot(`
    "train.csv
      single-label classification: "text" -> "label"
      6 rows; median 14 characters, longest 15
      rain  3  50.0 %
      Bee   2  33.3 %
      bee   1  16.7 %

    dev.csv
      single-label classification: "text" -> "label"
      3 rows; median 9 characters, longest 60
      Bee    1  33.3 %
      plain  1  33.3 %
      rain   1  33.3 %

    To look at:
      train.csv: rows with an empty text: 1 of 6.
      train.csv: rows that repeat an earlier one: 1 of 6 (row 3 = 1).
      train.csv: rows that repeat an earlier one but say something else of it: 1 of 6 (row 3 = 1).
      train.csv: the label "bee" differs from "Bee" only in its spelling.
      dev.csv has labels that train.csv does not have: "plain".
      dev.csv: inputs that are in train.csv too: 1 (row 1 = 4).
    "
  `);
});

test("cloze debug-data: columns by role, bad rows passed over", async () => {
  const folder = temporaryFolder({ "a.csv": "review,stars\nfine,1\nbroken\nno,0\n" });
  const argv = ["debug-data", join(folder, "a.csv"), "--columns", "text=review,label=stars", "--skip-bad-rows"];
  const [report] = jsonLines<{ files: object[] }>((await runCli(argv)).stdout);
  expect(report?.files).toMatchObject([{ rows: 2, skipped: 1, labels: { "0": 1, "1": 1 } }]);
});

test.each([
  [["missing.csv"], 'There is no data file "missing.csv".'],
  [["a.csv", "--columns", "text"], "Expected ROLE=COLUMN, as in text=review."],
  [["a.csv", "--columns", "text=body"], 'a.csv has no column "body"; it has "review", "stars".'],
  [["a.csv", "--columns", "txt=review"], '"txt" is no role of a column'],
  [["a.csv", "--columns", "text=review"], "a.csv, line 3 has another number of cells (1) than the header."],
  [["empty.csv"], "empty.csv holds no rows: the split is empty."],
  [["a.csv", "--columns", "text=review", "--skip-bad-rows", "--model", "missing"], 'There is no folder "missing" here'],
])("cloze debug-data %j is a mistake", async ([file = "", ...flags], sentence) => {
  const folder = temporaryFolder({ "a.csv": "review,stars\nfine,1\nbroken\nno,0\n", "empty.csv": "text,label\n" });
  const name = file === "missing.csv" ? file : join(folder, file);
  const { exitCode, stdout, stderr } = await runCli(["debug-data", name, ...flags]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr).toContain(sentence);
});

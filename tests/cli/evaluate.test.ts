import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonText } from "../support/json-text.ts";
import { jsonLines, runCli } from "../support/run-cli.ts";
import { repositoryRoot } from "../support/shared.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const SENTIMENT = join(repositoryRoot, "examples/models/sentiment");
const ROWS = [
  { review: "a great film", stars: "positive" },
  { review: "a dull film", stars: "negative" },
];
const COLUMNS = ["--columns", "text=review,label=stars", "--backend", "reference"];

test("evaluate: one object of metrics in a pipe; for people the main one first, and intervals", async () => {
  const folder = temporaryFolder({ "dev.jsonl": jsonText(ROWS) });
  const argv = ["evaluate", "--model", SENTIMENT, "--data", join(folder, "dev.jsonl"), ...COLUMNS];
  const { exitCode, stdout, stderr } = await runCli(argv);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const [metrics, ...rest] = jsonLines(stdout);
  expect(rest).toEqual([]);
  expect(metrics).toMatchObject({ accuracy: 1, f1_macro: 1, mcc: 1, roc_auc: 1 });
  expect((await runCli([...argv, "--json"])).stdout).toBe(stdout);
  const seen = await runCli([...argv, "--quiet"], { isTerminal: true });
  expect(seen.stdout.split("\n").slice(0, 3)).toEqual([
    'classify: single-label classification: "review" -> "stars", 2 in all',
    "accuracy 100.0, 95 % interval 100.0 to 100.0",
    "accuracy            1.0000  1.0000 to 1.0000",
  ]);
});

test("evaluate: mistakes", async () => {
  const folder = temporaryFolder({ "dev.jsonl": jsonText(ROWS), "empty.jsonl": "" });
  const mistake = async (...argv: string[]) => {
    const { exitCode, stdout, stderr } = await runCli(["evaluate", ...argv, "--backend", "reference"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    return stderr.replaceAll(folder, "FOLDER");
  };
  const data = (name: string) => ["--data", join(folder, name)];
  expect(await mistake()).toBe("error: No model is given. Pass --model WHERE, a folder or an id.\n");
  expect(await mistake("--model", SENTIMENT)).toBe("error: No data is given. Pass --data FILE, or a BEIR folder.\n");
  expect(await mistake("--model", SENTIMENT, ...data("empty.jsonl"))).toBe(
    "error: empty.jsonl holds no rows: the split is empty.\n",
  );
  expect(await mistake("--model", SENTIMENT, ...data("dev.jsonl"))).toMatch(
    /^error: dev.jsonl has the columns "review", "stars"; expected "text", /,
  );
  expect(await mistake("--model", SENTIMENT, ...data("dev.jsonl"), "--task", "cook")).toMatch(
    /^error: option '--task <name>' argument 'cook' is invalid. Allowed choices are classify, tag/,
  );
});

import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonText } from "../support/json-text.ts";
import { jsonLines, runCli, tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ROWS = Array.from({ length: 16 }, (_, i) => ({
  review: i % 2 === 0 ? "the bees like honey" : "rain falls on the plain",
  is: i % 2 === 0 ? "bee" : "rain",
}));
const QUICK = ["--epochs", "4", "--learning-rate", "0.005", "--batch-size", "4"];

function lines() {
  const folder = temporaryFolder({ "train.jsonl": jsonText(ROWS) });
  const file = join(folder, "train.jsonl");
  const data = ["--train", file, "--dev", file, "--columns", "text=review,label=is"];
  return { folder, argv: ["fine-tune", "--model", tinyModel(), ...data, "--output", join(folder, "run"), ...QUICK] };
}

test("fine-tune, then classify with what it wrote: one object in a pipe, a sentence for people", async () => {
  const { folder, argv } = lines();
  const { exitCode, stdout, stderr } = await runCli(argv);
  expect(exitCode).toBe(0);
  expect(stderr).toContain('note: classify: single-label classification: "review" -> "is", 16 rows.\n');
  expect(stderr).toContain("note: fresh weights: classifier.weight, classifier.bias.\n");
  const [result, ...rest] = jsonLines(stdout);
  expect(rest).toEqual([]);
  expect(result).toMatchObject({ task: "classify", steps: 16, end: "done", model: join(folder, "run/model") });
  const classified = await runCli([
    "classify",
    "--model",
    join(folder, "run/model"),
    "the bees like honey",
    "rain falls on the plain",
  ]);
  expect(jsonLines(classified.stdout).map(({ label }) => label)).toEqual(["bee", "rain"]);
  const again = await runCli(argv);
  expect(again).toMatchObject({ exitCode: 2, stdout: "" });
  expect(again.stderr).toMatch(/holds a run already. Pass --resume to go on with it, or another output folder.\n$/);
  const resumed = await runCli([...argv, "--resume", "--quiet"], { isTerminal: true });
  expect(resumed.stdout).toMatch(/^Written: .*model \(of step \d+ of 16\)\n/);
});

test("fine-tune: Ctrl-C leaves a checkpoint, and says so by 130", async () => {
  const { argv } = lines();
  const { exitCode, stdout } = await runCli(argv, { signal: AbortSignal.abort() });
  expect(exitCode).toBe(130);
  expect(jsonLines(stdout)).toMatchObject([{ steps: 0, end: "interrupted" }]);
});

test("fine-tune: mistakes", async () => {
  const { folder, argv } = lines();
  const mistake = async (...argv: string[]) => {
    const { exitCode, stdout, stderr } = await runCli(argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    return stderr.replace(/^note: .*\n/gm, "").replaceAll(folder, "FOLDER");
  };
  expect(await mistake("fine-tune")).toBe("error: No model is given. Pass --model WHERE, a folder or an id.\n");
  expect(await mistake("fine-tune", "--model", "m")).toBe(
    "error: No data is given to learn from. Pass --train FILE.\n",
  );
  expect(await mistake("fine-tune", "--model", "m", "--train", "t")).toBe(
    "error: A run is written to a folder: pass --output FOLDER.\n",
  );
  expect(await mistake(...argv, "--task", "tag")).toBe(
    'error: train.jsonl is read as single-label classification: "review" -> "is"; to train tag takes "tokens" and "tags".\n',
  );
  expect(await mistake(...argv, "--dropout", "1")).toMatch(
    /argument '1' is invalid. Expected a number from 0 to below 1/,
  );
  expect(await mistake(...argv, "--warmup", "1000")).toBe(
    "error: warmup is 1000; expected a share below 1, or 1 to 16 steps.\n",
  );
});

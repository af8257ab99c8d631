import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonLines, runCli, tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const TEXT = "the bees make honey and the rain falls on the plain .\nwe all like honey , bees like it too .\n".repeat(
  12,
);
const SHAPE = ["--architecture", "bert", "--layers", "1", "--hidden-size", "16", "--heads", "2"];
const RUN = ["--length", "16", "--batch-size", "4", "--steps", "4", "--evaluate-every", "2", "--dev-rows", "4"];

function corpus() {
  const folder = temporaryFolder({ "corpus.txt": TEXT, "empty.txt": "", "short.txt": "the bees\n" });
  const file = join(folder, "corpus.txt");
  const run = join(folder, "run");
  const tokenizer = ["--tokenizer", tinyModel()];
  const data = ["--corpus", file, "--dev", file, "--output", run];
  return { folder, run, tokenizer, argv: ["pretrain", ...SHAPE, ...tokenizer, ...data, ...RUN] };
}

test("pretrain: one object in a pipe, a sentence for people; a finished run is not begun again", async () => {
  const { run, argv } = corpus();
  const { exitCode, stdout } = await runCli(argv);
  expect(exitCode).toBe(0);
  expect(jsonLines(stdout)).toMatchObject([{ output: run, model: join(run, "model"), steps: 4, end: "done" }]);
  const filled = await runCli(["fill", "--model", join(run, "model"), "the [MASK] make honey"]);
  expect(filled.exitCode).toBe(0);
  const again = await runCli(argv);
  expect(again).toMatchObject({ exitCode: 2, stdout: "" });
  expect(again.stderr).toMatch(/holds a run already. Pass --resume to go on with it, or another output folder.\n$/);
  const resumed = await runCli([...argv, "--resume", "--quiet"], { isTerminal: true });
  expect(resumed.stdout).toMatch(/^Written: .*model \(of step \d of 4\)\n {2}validationLoss \d/);
});

test("pretrain: all flags of objectives and batches", async () => {
  const { run, argv } = corpus();
  const flags = ["--objective", "mlm=2,span", "--mask-rate", "0.3", "--packing", "none", "--batch-tokens", "64"];
  const others = [
    "--accumulation",
    "2",
    "--schedule",
    "cosine",
    "--warmup",
    "2",
    "--beta2",
    "0.98",
    "--dropout",
    "0.1",
  ];
  const { exitCode, stderr } = await runCli([...argv, ...flags, ...others, "--corpus-weights", "1", "--seed", "3"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(existsSync(join(run, "report.html"))).toBe(true);
});

test("pretrain: Ctrl-C leaves a checkpoint, and says so by 130", async () => {
  const { argv } = corpus();
  const stopped = await runCli(argv, { signal: AbortSignal.abort() });
  expect(stopped.exitCode).toBe(130);
});

test("pretrain: mistakes", async () => {
  const { folder, run, tokenizer, argv } = corpus();
  const mistake = async (...given: string[]) => {
    const { exitCode, stdout, stderr } = await runCli(given);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    return stderr.replace(/^note: .*\n/gm, "").replaceAll(folder, "FOLDER");
  };
  const with_ = (...flags: string[]) => mistake(...argv, ...flags);
  const file = join(folder, "corpus.txt");
  expect(await mistake("pretrain")).toBe("error: No corpus is given. Pass --corpus FILE, one or more.\n");
  expect(await mistake("pretrain", "--corpus", file)).toBe("error: How long to train is not given. Pass --steps N.\n");
  expect(await mistake("pretrain", "--corpus", file, "--steps", "2")).toBe(
    "error: A run is written to a folder: pass --output FOLDER.\n",
  );
  expect(await mistake("pretrain", "--corpus", file, "--steps", "2", "--output", run)).toBe(
    "error: Nothing says what to train: pass model to go on from one, or architecture to begin from scratch.\n",
  );
  expect(await mistake("pretrain", ...SHAPE, "--corpus", file, "--steps", "2", "--output", run)).toBe(
    "error: A model from scratch needs a tokenizer: pass its folder (cloze train-tokenizer makes one).\n",
  );
  expect(await with_("--objective", "clm")).toBe(
    'error: objective is "clm"; known: mlm, whole-word, span, knowledge, next-sentence, sentence-order, replaced-tokens.\n',
  );
  expect(await with_("--objective", "mlm+span")).toBe(
    'error: objective "mlm+span" joins what cannot be one step; take turns instead: mlm,span.\n',
  );
  expect(await with_("--objective", "mlm=0")).toBe(
    'error: objective "mlm=0" has the weight "0"; expected a number above 0, as in "mlm=2".\n',
  );
  expect(await with_("--architecture", "gpt")).toMatch(/^error: architecture is "gpt"; known: bert, roberta, /);
  expect(await with_("--output", file)).toBe(
    'error: output "FOLDER/corpus.txt" is a file; expected a folder\'s name.\n',
  );
  expect(await with_("--dev", join(folder, "empty.txt"))).toBe("error: empty.txt holds no rows: the split is empty.\n");
  expect(await with_("--warmup", "9")).toMatch(/^error: warmup is 9; expected a share below 1, or 1 to 4 steps\.\n$/);
  expect(existsSync(run)).toBe(false);
  const short = ["--corpus", join(folder, "short.txt"), "--output", join(folder, "short")];
  expect(await mistake("pretrain", ...SHAPE, ...tokenizer, ...RUN, ...short)).toBe(
    "error: short.txt: fewer than 16 tokens in all, not one row. Add text, or lower length.\n",
  );
});

test("pretrain: data that changed, other options and another process are refused", async () => {
  const { folder, run, argv } = corpus();
  expect((await runCli(argv)).exitCode).toBe(0);
  const refusal = async (...flags: string[]) => (await runCli([...argv, "--resume", ...flags])).stderr;
  expect(await refusal("--seed", "1")).toContain("was started with seed 0; now it is 1.");
  mkdirSync(run, { recursive: true });
  writeFileSync(join(folder, "corpus.txt"), `${TEXT}more .\n`);
  expect(await refusal()).toMatch(/corpus\.txt" has changed since the run in ".*" read it\. Restore it, or start/);
});

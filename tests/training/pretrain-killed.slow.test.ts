import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tinyModel } from "../support/run-cli.ts";
import { repositoryRoot } from "../support/shared.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const KILLS = 25;
const STEPS = 120;
const TEXT = "the bees make honey and the rain falls on the plain .\nwe all like honey , bees like it too .\n".repeat(
  40,
);

/** The built command line in a process of its own. */
function start(argv: readonly string[], threads: number): ChildProcess {
  const main = join(repositoryRoot, "dist/cli/main.js");
  const flags = ["--backend", "native", "--threads", String(threads), "--quiet"];
  return spawn(process.execPath, [main, "pretrain", ...argv, ...flags], { stdio: ["ignore", "ignore", "inherit"] });
}

/** @returns the exit code, or the signal that ended it */
async function ended(child: ChildProcess): Promise<unknown> {
  const [code, signal] = await once(child, "close");
  return code ?? signal;
}

function argvOf(folder: string, tokenizer: string, output: string): string[] {
  const shape = ["--architecture", "bert", "--layers", "2", "--hidden-size", "32", "--heads", "2"];
  const data = ["--tokenizer", tokenizer, "--corpus", join(folder, "corpus.txt"), "--dev", join(folder, "corpus.txt")];
  const rows = ["--length", "32", "--batch-size", "8", "--accumulation", "2", "--dropout", "0.1", "--dev-rows", "8"];
  const often = ["--steps", String(STEPS), "--evaluate-every", "10", "--checkpoint-every", "3", "--log-every", "1"];
  return [...shape, ...data, ...rows, ...often, "--objective", "mlm+next-sentence,span", "--output", output];
}

const results = (run: string) =>
  [`checkpoints/step-0000${STEPS}/state.safetensors`, "model/model.safetensors", "metrics.jsonl"].map((name) =>
    readFileSync(join(run, name)),
  );

/** Waits until a process writes to its run's log, or is over. */
async function hasLogged(run: string, child: ChildProcess): Promise<void> {
  const log = join(run, "metrics.jsonl");
  const size = () => (existsSync(log) ? readFileSync(log).length : 0);
  let before = size();
  for (let now = before; now <= before && child.exitCode === null; now = size()) {
    before = Math.min(before, now); // what came after the checkpoint is cut off first
    await new Promise((done) => setTimeout(done, 5));
  }
}

test(`killed ${KILLS} times at random moments, a run ends with the bits of one that was not`, async () => {
  const folder = temporaryFolder({ "corpus.txt": TEXT.replaceAll("too .\n", "too .\n\n") });
  const tokenizer = tinyModel();
  const whole = join(folder, "whole");
  expect(await ended(start(argvOf(folder, tokenizer, whole), 2))).toBe(0);

  let [kills, runs] = [0, 0];
  while (kills < KILLS) {
    const run = join(folder, `killed-${runs}`);
    const argv = [...argvOf(folder, tokenizer, run), "--resume"];
    const child = start(argv, 1 + (kills % 2));
    const end = ended(child);
    await hasLogged(run, child);
    const timer = setTimeout(() => child.kill("SIGKILL"), 400 * Math.random());
    const isKilled = (await end) === "SIGKILL";
    clearTimeout(timer);
    if (isKilled) kills++;
    if (kills === KILLS) expect(await ended(start(argv, 1))).toBe(0);
    if (isKilled && kills < KILLS) continue;
    for (const [i, bytes] of results(whole).entries()) expect(results(run)[i]!.equals(bytes)).toBe(true);
    runs++;
  }
}, 600_000);

test("SIGTERM: a checkpoint, exit 0, and --resume goes on; Ctrl-C: the same with 130", async () => {
  const folder = temporaryFolder({ "corpus.txt": TEXT.replaceAll("too .\n", "too .\n\n") });
  const tokenizer = tinyModel();
  const run = join(folder, "run");
  const argv = [...argvOf(folder, tokenizer, run), "--resume"];
  const log = join(run, "metrics.jsonl");
  for (const [signal, code] of [
    ["SIGTERM", 0],
    ["SIGINT", 130],
  ] as const) {
    const before = existsSync(log) ? readFileSync(log).length : 0;
    const child = start([...argv, "--steps", "100000"], 2);
    const end = ended(child);
    while (!existsSync(log) || readFileSync(log).length <= before) await new Promise((done) => setTimeout(done, 20));
    child.kill(signal);
    expect(await end).toBe(code);
  }
  expect(readFileSync(log, "utf8").endsWith("\n")).toBe(true);
}, 120_000);

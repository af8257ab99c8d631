import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonText } from "../support/json-text.ts";
import { tinyModel } from "../support/run-cli.ts";
import { repositoryRoot } from "../support/shared.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const KILLS = 12;

/** The built command line in a process of its own. */
function start(model: string, folder: string, run: string, threads: number) {
  const main = join(repositoryRoot, "dist/cli/main.js");
  const data = ["--train", join(folder, "train.jsonl"), "--dev", join(folder, "train.jsonl"), "--output", run];
  const recipe = ["--epochs", "40", "--batch-size", "8", "--learning-rate", "0.005", "--dropout", "0.2"];
  const often = ["--evaluate-every", "10", "--checkpoint-every", "3", "--threads", String(threads)];
  const argv = ["fine-tune", "--model", model, ...data, ...recipe, ...often, "--resume", "--quiet"];
  return spawn(process.execPath, [main, ...argv], { stdio: ["ignore", "ignore", "inherit"] });
}

const results = (run: string) =>
  ["model/model.safetensors", "metrics.jsonl", "dev-predictions.jsonl"].map((name) => readFileSync(join(run, name)));

test(`killed ${KILLS} times at random moments, a run of fine-tune ends with the bits of one that was not`, async () => {
  const rows = Array.from({ length: 48 }, (_, i) => {
    return { text: `the ${i % 2 === 0 ? "bees" : "rain"} and it ${i}`, label: i % 2 === 0 ? "bee" : "rain" };
  });
  const folder = temporaryFolder({ "train.jsonl": jsonText(rows) });
  const model = tinyModel();
  const whole = join(folder, "whole");
  expect(await once(start(model, folder, whole, 2), "close")).toEqual([0, null]);
  const run = join(folder, "killed");
  const size = () => (existsSync(join(run, "metrics.jsonl")) ? readFileSync(join(run, "metrics.jsonl")).length : 0);
  let kills = 0;
  for (let ended = false; !ended && kills < KILLS; ) {
    const child = start(model, folder, run, 1 + (kills % 2));
    const closed = once(child, "close");
    const before = size();
    while (size() === before && child.exitCode === null) await new Promise((done) => setTimeout(done, 5));
    const timer = setTimeout(() => child.kill("SIGKILL"), 150 * Math.random());
    const [code, signal] = await closed;
    clearTimeout(timer);
    if (signal === "SIGKILL") kills++;
    else expect(code).toBe(0);
    ended = code === 0;
  }
  expect(kills).toBeGreaterThan(2);
  expect(await once(start(model, folder, run, 1), "close")).toEqual([0, null]);
  for (const [i, bytes] of results(whole).entries()) expect(results(run)[i]!.equals(bytes)).toBe(true);
}, 300_000);

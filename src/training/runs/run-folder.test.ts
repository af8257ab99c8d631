import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { memoryTensor, tensorValues } from "../../checkpoints/stored-types.ts";
import { readMetricLog } from "./metric-log.ts";
import { type RunConfig, RunFolder, type RunFolderOptions, readRunConfig } from "./run-folder.ts";

const CONFIG: RunConfig = {
  command: "pretrain",
  options: { steps: 10, seed: 0 },
  data: [{ file: "corpus.txt", sha256: "aa" }],
};

const weight = (value: number) => memoryTensor("weight", [2], new Float32Array([value, -value]));

/** Steps `from` to `to`, a checkpoint every second one. */
function advance(run: RunFolder, to: number): void {
  for (let step = (run.state?.step ?? 0) + 1; step <= to; step++) {
    run.log.append({ step, loss: 1 / step });
    if (step % 2 === 0) run.checkpoint({ step, tensors: [weight(step)], position: { row: step * 3 } });
  }
}

function open(folder: string, config = CONFIG, options: RunFolderOptions = { resume: true }): RunFolder {
  return new RunFolder(folder, config, options);
}

test("a run goes on from its newest checkpoint, and its log is that of a run that never stopped", () => {
  const folder = temporaryFolder();
  const run = open(folder, CONFIG, {});
  advance(run, 7);
  run.close();
  const again = open(folder);
  expect(again.state).toMatchObject({ step: 6, position: { row: 18 } });
  expect([...tensorValues(again.state!.tensors[0]!)]).toEqual([6, -6]);
  advance(again, 10);
  again.close();
  const other = temporaryFolder();
  const whole = open(other, CONFIG, {});
  advance(whole, 10);
  whole.close();
  const log = (path: string) => readFileSync(join(path, "metrics.jsonl"), "utf8");
  expect(log(folder)).toBe(log(other));
  expect(readdirSync(join(folder, "checkpoints"))).toEqual(["step-0000008", "step-0000010"]);
});

test("torn checkpoints are passed over for the last whole one, and half-written ones removed", () => {
  const folder = temporaryFolder();
  const run = open(folder, CONFIG, { keepCheckpoints: 4 });
  advance(run, 8);
  run.close();
  const checkpoints = join(folder, "checkpoints");
  truncateSync(join(checkpoints, "step-0000008", "state.safetensors"), 90);
  const bytes = readFileSync(join(checkpoints, "step-0000006", "state.safetensors"));
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(join(checkpoints, "step-0000006", "state.safetensors"), bytes);
  mkdirSync(join(checkpoints, "step-0000009.0a0a0a0a.partial"));
  const again = open(folder, CONFIG, { resume: true, keepCheckpoints: 4 });
  expect(again.torn).toEqual(["step-0000008", "step-0000006"]);
  expect(again.state?.step).toBe(4);
  expect(readMetricLog(join(folder, "metrics.jsonl")).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  expect(readdirSync(checkpoints).filter((name) => name.endsWith(".partial"))).toEqual([]);
  again.close();
});

test("a line that a crash cut is left out, and written again", () => {
  const folder = temporaryFolder();
  const run = open(folder, CONFIG, {});
  advance(run, 3);
  run.close();
  truncateSync(join(folder, "metrics.jsonl"), readFileSync(join(folder, "metrics.jsonl")).length - 4);
  expect(readMetricLog(join(folder, "metrics.jsonl")).map(({ step }) => step)).toEqual([1, 2]);
  const again = open(folder);
  advance(again, 3);
  again.close();
  expect(readMetricLog(join(folder, "metrics.jsonl")).map(({ step }) => step)).toEqual([1, 2, 3]);
});

test("what would mix two runs is refused", () => {
  const folder = temporaryFolder();
  const begun = open(folder, CONFIG, {});
  advance(begun, 3);
  begun.close();
  const refusal = (config: RunConfig, options?: RunFolderOptions) => {
    try {
      open(folder, config, options).close();
    } catch (error) {
      return (error as Error).message.replaceAll(folder, "FOLDER");
    }
    return "opened";
  };
  expect(refusal(CONFIG, {})).toMatchInlineSnapshot(
    `""FOLDER" holds a run already. Pass --resume to go on with it, or another output folder."`,
  );
  expect(refusal({ ...CONFIG, options: { steps: 20, seed: 0 } })).toMatchInlineSnapshot(
    `"The run in "FOLDER" was started with steps 10; now it is 20. Resume with the same, or start another run."`,
  );
  expect(refusal({ ...CONFIG, data: [{ file: "corpus.txt", sha256: "bb" }] })).toMatchInlineSnapshot(
    `""corpus.txt" has changed since the run in "FOLDER" read it. Restore it, or start another run."`,
  );
  expect(refusal(CONFIG)).toBe("opened"); // refusals leave no lock
  const held = open(folder);
  expect(refusal(CONFIG).replace(/\d+/, "PID")).toMatchInlineSnapshot(
    `"Process PID is writing to "FOLDER". Wait for it, stop it, or pass another output folder."`,
  );
  held.close();
});

test("a run that failed before its first step does not stand in the way of another", () => {
  const folder = temporaryFolder();
  open(folder, CONFIG, {}).close();
  const other = { ...CONFIG, options: { steps: 20, seed: 0 } };
  open(folder, other, {}).close();
  expect(readRunConfig(folder)).toEqual(other);
});

test("a folder of something else is left as it is", () => {
  const folder = temporaryFolder({ "config.json": '{"model_type":"bert"}' });
  expect(() => open(folder, CONFIG, {})).toThrow("holds a config.json of something else");
  expect(readFileSync(join(folder, "config.json"), "utf8")).toBe('{"model_type":"bert"}');
});

test("the lock of a process that is gone is taken over, also when its number lives on in another process", () => {
  const folder = temporaryFolder();
  const { pid } = spawnSync("true");
  writeFileSync(join(folder, "lock"), JSON.stringify({ pid, started: "1" }));
  open(folder, CONFIG, {}).close();
  if (process.platform === "linux") {
    writeFileSync(join(folder, "lock"), JSON.stringify({ pid: process.pid, started: "1" }));
    open(folder).close();
  }
  writeFileSync(join(folder, "lock"), '{"pid":');
  open(folder).close();
  expect(readdirSync(folder)).not.toContain("lock");
});

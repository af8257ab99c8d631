import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { memoryTensor, type StoredTensor, tensorValues } from "../checkpoints/stored-types.ts";
import { repeatSequence, sequenceOf } from "./batches/sequence.ts";
import { type RunConfig, RunFolder } from "./runs/run-folder.ts";
import { learningRates } from "./schedules.ts";
import { type Learner, type LoopResult, type TrainingLoopOptions, trainingLoop } from "./training-loop.ts";

const CONFIG: RunConfig = { command: "pretrain", options: { steps: 20 }, data: [] };

/** One weight that is to become the mean of the batches; plain descent. */
class OneWeight implements Learner {
  weight: number;
  #gradient = 0;

  constructor(state: readonly StoredTensor[] | undefined) {
    this.weight = state === undefined ? 10 : tensorValues(state[0]!)[0]!;
  }

  learn(batches: readonly number[]): { loss: number; tokens: number } {
    let loss = 0;
    for (const target of batches) {
      const difference = this.weight - target;
      this.#gradient += (2 * difference) / batches.length;
      loss += difference ** 2 / batches.length;
    }
    return { loss, tokens: batches.length };
  }

  async gradientNorm() {
    return Math.abs(this.#gradient);
  }

  async nonFinite() {
    return Number.isFinite(this.#gradient) ? undefined : 'the gradient of "weight"';
  }

  async update({ learningRate, scale }: { learningRate: number; scale: number }) {
    this.weight = Math.fround(this.weight - learningRate * scale * this.#gradient);
    this.#gradient = 0;
  }

  async discard() {
    this.#gradient = 0;
  }

  async state() {
    return [memoryTensor("weight", [1], new Float32Array([this.weight]))];
  }
}

interface Sitting {
  readonly result: LoopResult;
  readonly weight: number;
  readonly saved: number[];
}

/** Trains in a folder until the end, or until `stopAt` steps are done. */
async function train(
  folder: string,
  options: Partial<TrainingLoopOptions<number>> & { stopAt?: number; targets?: readonly number[] } = {},
): Promise<Sitting> {
  const { stopAt, targets = [1, 2, 3, 4, 5], ...others } = options;
  const run = new RunFolder(folder, CONFIG, { resume: true });
  const learner = new OneWeight(run.state?.tensors);
  const stop = new AbortController();
  const saved: number[] = [];
  try {
    const result = await trainingLoop<number>({
      run,
      learner,
      batches: repeatSequence(() => sequenceOf(() => targets)),
      learn: async (batches, step) => {
        if (step + 1 === stopAt) stop.abort();
        return learner.learn(batches);
      },
      steps: 20,
      schedule: learningRates({ rate: 0.1, steps: 20, warmup: 4 }),
      evaluate: async () => ({ validationLoss: (learner.weight - 3) ** 2 }),
      evaluateEvery: 5,
      best: { metric: "validationLoss", better: "lower" },
      save: async (step) => {
        saved.push(step);
      },
      checkpointEvery: 3,
      logEvery: 4,
      phase: "test",
      signal: stop.signal,
      ...others,
    });
    return { result, weight: learner.weight, saved };
  } finally {
    run.close();
  }
}

const logOf = (folder: string) => readFileSync(join(folder, "metrics.jsonl"), "utf8");

test("a loop learns, logs, measures and saves what is better", async () => {
  const folder = temporaryFolder();
  const { result, saved } = await train(folder);
  expect(result).toMatchObject({ steps: 20, skipped: 0, end: "done", best: { step: saved.at(-1) } });
  const lines = logOf(folder)
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.filter(({ loss }) => loss !== undefined).map(({ step }) => step)).toEqual([4, 8, 12, 16, 20]);
  expect(lines.filter(({ validationLoss }) => validationLoss !== undefined).map(({ step }) => step)).toEqual([
    5, 10, 15, 20,
  ]);
  expect(lines.at(-1).validationLoss).toBeLessThan(lines[1].validationLoss);
});

test("interrupted at any step and taken up again, it ends as if it had not been", async () => {
  const whole = temporaryFolder();
  const expected = await train(whole);
  for (const stopAt of [1, 5, 7, 12, 19]) {
    const folder = temporaryFolder();
    expect((await train(folder, { stopAt })).result).toMatchObject({ steps: stopAt, end: "interrupted" });
    const resumed = await train(folder);
    expect(resumed.weight).toBe(expected.weight);
    expect(resumed.result).toEqual(expected.result);
    expect(logOf(folder)).toBe(logOf(whole));
  }
});

test("a finished loop that is taken up again does nothing", async () => {
  const folder = temporaryFolder();
  const { result } = await train(folder);
  const log = logOf(folder);
  const again = await train(folder);
  expect(again).toMatchObject({ result, saved: [] });
  expect(logOf(folder)).toBe(log);
});

test("gradients are clipped by their norm, and the batches of a step are one mean", async () => {
  const one = { steps: 1, accumulation: 2, targets: [0, 4], schedule: () => 1, evaluate: undefined };
  // The gradient is 16, of length 1 when clipped.
  expect((await train(temporaryFolder(), one)).weight).toBeCloseTo(9, 5);
  expect((await train(temporaryFolder(), { ...one, clip: 0 })).weight).toBe(-6);
});

test("steps that are not finite change nothing and are counted; too many in a row end the run", async () => {
  const folder = temporaryFolder();
  const { result, weight } = await train(folder, { targets: [1, Number.NaN, 3, 4] });
  expect(result).toMatchObject({ steps: 20, skipped: 5 });
  expect(weight).toBeGreaterThan(1);
  const bad = temporaryFolder();
  const targets = [1, 2, 3, ...Array.from({ length: 17 }, () => Number.POSITIVE_INFINITY)];
  await expect(train(bad, { targets, skipLimit: 4 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[InputError: 4 steps in a row, up to step 7, were not finite; the first such tensor is the gradient of "weight". The checkpoint of step 3 is kept. Lower the learning rate, or look for bad rows.]`,
  );
  expect(readdirSync(join(bad, "checkpoints"))).toEqual(["step-0000003"]);
  const often = train(temporaryFolder(), { targets, skipLimit: 4, checkpointEvery: 1 });
  await expect(often).rejects.toThrow(
    "The checkpoint of step 3 is kept; it holds these weights: remove it to go on from step 2. Lower",
  );
});

test("weights that are not finite never become a checkpoint", async () => {
  const folder = temporaryFolder();
  const schedule = (step: number) => (step === 4 ? Number.POSITIVE_INFINITY : 0.1);
  await expect(train(folder, { schedule, skipLimit: 8, checkpointEvery: 1 })).rejects.toThrow(
    "8 steps in a row, up to step 13, were not finite",
  );
  expect(readdirSync(join(folder, "checkpoints"))).toEqual(["step-0000003", "step-0000004"]);
});

test("patience ends a loop that gets no better, and no data is an error", async () => {
  const { result, saved } = await train(temporaryFolder(), {
    evaluate: async () => ({ validationLoss: 1 }),
    patience: 2,
  });
  expect(result).toMatchObject({ steps: 15, end: "patience", best: { step: 5 } });
  expect(saved).toEqual([5]);
  await expect(train(temporaryFolder(), { targets: [] })).rejects.toThrow("gives no batch");
});

/** Runs whose disk fails, and runs that come upon numbers that are not finite. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { memoryTensor, tensorValues } from "../../src/checkpoints/stored-types.ts";
import { InputError } from "../../src/errors.ts";
import { fineTune } from "../../src/training/fine-tune/fine-tune.ts";
import type { FineTuneOptions } from "../../src/training/fine-tune/fine-tune-options.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import type { PretrainOptions } from "../../src/training/pretraining/pretrain-options.ts";
import { readOnlyDisk, smallDisk } from "../support/broken-disk.ts";
import { jsonText } from "../support/json-text.ts";
import { readTree } from "../support/read-tree.ts";
import { tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const TEXT = "the bees make honey and the rain falls on the plain\nwe all like honey , bees like it too\n".repeat(12);
const ROWS = Array.from({ length: 16 }, (_, i) =>
  i % 2 ? { text: "the rain", label: "b" } : { text: "bees", label: "a" },
);

type Given = Partial<PretrainOptions & FineTuneOptions>;

/** Both kinds of run: twelve steps, a line of the log every second and a checkpoint every third of them. */
const RUNS = {
  pretrain: (model: string, output: string, given: Given = {}) => {
    const corpus = [join(output, "../corpus.txt")];
    const rows = { length: 8, batchSize: 2, evaluateEvery: 12, dev: corpus, devRows: 2 };
    const every = { steps: 12, checkpointEvery: 3, logEvery: 2, backend: "reference" as const };
    return pretrain({ model, corpus, output, ...rows, ...every, ...(given as Partial<PretrainOptions>) });
  },
  "fine-tune": (model: string, output: string, given: Given = {}) => {
    const train = join(output, "../train.jsonl");
    const every = { epochs: 6, checkpointEvery: 3, logEvery: 2, backend: "reference" as const };
    return fineTune({
      model,
      train,
      dev: train,
      output,
      batchSize: 8,
      ...every,
      ...(given as Partial<FineTuneOptions>),
    });
  },
};
const KINDS = Object.keys(RUNS) as (keyof typeof RUNS)[];

function newRun(): string {
  return join(temporaryFolder({ "corpus.txt": TEXT, "train.jsonl": jsonText(ROWS) }), "run");
}

/** A model with a weight that is not a number. */
function brokenModel(weight: string): string {
  const folder = tinyModel();
  const checkpoint = Checkpoint.open(folder);
  const tensor = checkpoint.tensor(weight);
  const values = tensorValues(tensor).slice();
  values[3] = Number.NaN;
  checkpoint.with({}, [memoryTensor(weight, tensor.shape, values)]).save(folder);
  return folder;
}

test.each(KINDS)("%s: a folder on a disk that cannot be written", async (kind) => {
  const [model, output] = [tinyModel(), newRun()];
  readOnlyDisk();
  const refused = RUNS[kind](model, output);
  await expect(refused).rejects.toThrow(InputError);
  await expect(refused).rejects.toThrow(
    `The disk of the run "${output}" cannot be written (EROFS): there is no checkpoint yet. Let this user write there, or pass another output folder.`,
  );
});

test.each([
  ["pretrain", "a line of the log", 10],
  ["pretrain", "a checkpoint", 4000],
  ["fine-tune", "a checkpoint", 4000],
] as const)("%s: a disk that fills in the middle of %s; the run goes on when there is room", async (kind, _, room) => {
  const model = tinyModel();
  const [whole, output] = [newRun(), newRun()];
  // A run's config names its data, which both therefore read at one place.
  const same =
    kind === "pretrain" ? { corpus: [join(whole, "../corpus.txt")] } : { train: join(whole, "../train.jsonl") };
  await RUNS[kind](model, whole, same);
  let mend: (() => void) | undefined;
  const onProgress: PretrainOptions["onProgress"] = ({ done, unit }) => {
    if (unit === "steps" && done === 7) mend = smallDisk(room);
  };
  await expect(RUNS[kind](model, output, { ...same, onProgress })).rejects.toThrow(
    `The disk of the run "${output}" is full: the checkpoint of step 6 is whole. Free some room, and go on with --resume.`,
  );
  mend!();
  expect(readdirSync(join(output, "checkpoints"))).toEqual(["step-0000003", "step-0000006"]);
  expect(Object.keys(readTree(output)).filter((path) => /partial|lock/.test(path))).toEqual([]);
  await RUNS[kind](model, output, { ...same, resume: true });
  for (const file of ["metrics.jsonl", "model/model.safetensors", "checkpoints/step-0000012/state.safetensors"]) {
    expect(readFileSync(join(output, file)).equals(readFileSync(join(whole, file)))).toBe(true);
  }
});

test.each(KINDS)("%s: a weight that is not a number ends the run and is named", async (kind) => {
  const [model, output] = [brokenModel("encoder.layer.0.output.dense.weight"), newRun()];
  await expect(RUNS[kind](model, output)).rejects.toThrow(
    '10 steps in a row, up to step 10, were not finite; the first such tensor is the weight "bert.encoder.layer.0.output.dense.weight". There is no checkpoint yet.',
  );
});

test("an absurd rate ends the run, naming what is not finite; no checkpoint is made of steps that were skipped", async () => {
  const output = newRun();
  const given = { learningRate: 1e38, schedule: "constant", warmup: 0, skipLimit: 4, checkpointEvery: 1 } as const;
  await expect(RUNS.pretrain(tinyModel(), output, given)).rejects.toThrow(
    /^4 steps in a row, up to step 5, were not finite; the first such tensor is the (weight "|gradient of "|loss \().*The checkpoint of step 1 is kept\. Lower/,
  );
  expect(readdirSync(join(output, "checkpoints"))).toEqual(["step-0000001"]);
});

test("steps that are not finite are skipped and counted", async () => {
  const result = await RUNS.pretrain(brokenModel("encoder.layer.0.output.dense.bias"), newRun(), { skipLimit: 20 });
  expect(result).toMatchObject({ steps: 12, skipped: 12, end: "done" });
});

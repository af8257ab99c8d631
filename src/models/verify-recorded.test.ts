import { join } from "node:path";
import { expect, test } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference.ts";
import { Checkpoint } from "../checkpoints/repository.ts";
import { Safetensors } from "../checkpoints/safetensors.ts";
import { safetensorsChunks } from "../checkpoints/safetensors-write.ts";
import { memoryTensor, type StoredTensor, tensorValues } from "../checkpoints/stored-types.ts";
import { loadModel } from "./load-model.ts";
import { verifyRecorded } from "./verify-recorded.ts";

const FIXTURE = new URL("../../tests/golden/fixtures/bert", import.meta.url).pathname;
const recorded = Safetensors.open(join(FIXTURE, "expected.safetensors"));
const { model } = loadModel(Checkpoint.open(FIXTURE), { backend: new ReferenceBackend() });

/** The recorded file with some tensors changed; undefined leaves one out. */
function edited(change: (tensor: StoredTensor) => StoredTensor | undefined): Safetensors {
  const tensors = recorded.list().map(({ name }) => change(recorded.tensor(name)));
  const bytes = Buffer.concat([...safetensorsChunks(tensors.filter((tensor) => tensor !== undefined))]);
  return Safetensors.parse(Uint8Array.from(bytes), "edited.safetensors");
}

function editOutput(name: string, edit: (values: Float32Array) => void): Safetensors {
  return edited((tensor) => {
    if (tensor.name !== `output.${name}`) return tensor;
    const values = Float32Array.from(tensorValues(tensor));
    edit(values);
    return memoryTensor(tensor.name, tensor.shape, values);
  });
}

const failures = async (file: Safetensors) =>
  (await verifyRecorded(model, file)).checks.filter(({ passed }) => !passed).map(({ name }) => name);

test("one number out of tolerance fails its output, and no other", async () => {
  expect(await failures(recorded)).toEqual([]);
  for (const name of ["last_hidden_state", "pooler_output", "hidden_states.1", "attentions.0"]) {
    expect(await failures(editOutput(name, (values) => (values[5]! += 0.01)))).toEqual([name]);
    expect(await failures(editOutput(name, (values) => (values[5] = Number.NaN)))).toEqual([name]);
  }
});

test("what is masked is not compared", async () => {
  // The second row has 7 tokens of 11: position 10 is a pad.
  const last = (11 + 10) * 24;
  expect(await failures(editOutput("last_hidden_state", (values) => values.fill(9, last, last + 24)))).toEqual([]);
});

test("an output that the model lacks, or of another shape, fails with the reason", async () => {
  const renamed = edited((tensor) =>
    tensor.name === "output.pooler_output" ? { ...tensor, name: "output.extra_logits" } : tensor,
  );
  const { checks, passed } = await verifyRecorded(model, renamed);
  expect(passed).toBe(false);
  expect(checks.find(({ name }) => name === "extra_logits")?.problem).toBe(
    "this model has no such output; it has pooled",
  );
  const narrow = edited((tensor) =>
    tensor.name === "output.pooler_output" ? memoryTensor(tensor.name, [3, 2], new Float32Array(6)) : tensor,
  );
  const misshapen = (await verifyRecorded(model, narrow)).checks.find(({ name }) => name === "pooler_output");
  expect(misshapen?.problem).toBe("ours has 72 numbers, padded; recorded are [3,2]");
});

test("a file without inputs or outputs is refused", async () => {
  const noInputs = edited((tensor) => (tensor.name.startsWith("input.") ? undefined : tensor));
  await expect(
    verifyRecorded(model, noInputs, { fileName: "x.safetensors" }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[CheckpointError: "x.safetensors" records no inputs: expected a tensor "input.input_ids" of shape [rows, tokens].]`,
  );
  const noOutputs = edited((tensor) => (tensor.name.startsWith("output.") ? undefined : tensor));
  await expect(
    verifyRecorded(model, noOutputs, { fileName: "x.safetensors" }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[CheckpointError: "x.safetensors" records no outputs: expected tensors "output.*".]`,
  );
});

test("losses, gradients and weights of losses are counted, not compared", async () => {
  const { notCompared } = await verifyRecorded(model, recorded);
  expect(notCompared).toContain("loss_weights");
  expect(notCompared.every((name) => /^gradient\.|loss/.test(name))).toBe(true);
});

import type { Backend } from "../backends/backend.ts";
import type { Checkpoint } from "../checkpoints/repository.ts";
import type { Safetensors } from "../checkpoints/safetensors.ts";
import { type StoredTensor, tensorValues, zeroTensor } from "../checkpoints/stored-types.ts";
import { configure, headOf } from "../models/load-model.ts";
import { NumberComparison } from "../models/number-comparison.ts";
import { readRecordedBatch } from "../models/recorded-batch.ts";
import type { OutputCheck } from "../models/verify-recorded.ts";
import { recordedLoss } from "./losses/recorded-loss.ts";
import { TrainableModel } from "./trainable-model.ts";

export interface VerifyGradientsOptions {
  readonly backend: Backend;
  /** What errors call the recorded file. Default: "expected.safetensors". */
  readonly fileName?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const PREFIX = "gradient.";
const OF_TENSOR = 1e-3;
/** Some gradients are zero but for rounding, as those of attention's key biases: what stands there is noise. */
const OF_CHECKPOINT = 1e-6;

/**
 * Computes the gradients of the loss that the reference recorded (`loss_weights` or `input.labels`) and compares them with
 * the recorded `gradient.*`, which have the names and the layout of the saved file. A check is called as recorded, and
 * allows 1e-3 x the tensor's largest + 1e-6 x the largest gradient of the checkpoint.
 *
 * @throws CheckpointError when the file records no inputs, or no loss.
 */
export async function verifyGradients(
  checkpoint: Checkpoint,
  recorded: Safetensors,
  { backend, fileName = "expected.safetensors", signal }: VerifyGradientsOptions,
): Promise<OutputCheck[]> {
  const architecture = configure(checkpoint);
  const weights = checkpoint.weights(architecture.names);
  const batch = readRecordedBatch(recorded, fileName);
  const { build, inputs } = recordedLoss(recorded, batch, fileName);
  const tensors = (name: string) => weights.tensor(name);
  const model = new TrainableModel({ architecture, head: headOf(architecture), backend, tensors, losses: build });
  // What a file holds besides parameters, such as frequencies, has no gradient, whatever stands there.
  const buffers = new Set(weights.audit(model.parameters).redundant.map((name) => PREFIX + name));
  const names = recorded
    .list()
    .map(({ name }) => name)
    .filter((name) => name.startsWith(PREFIX) && !buffers.has(name));
  try {
    await model.accumulate({ ...batch.batch, extra: inputs }, { signal });
    const known = new Map((await model.gradients()).map((gradient) => [gradient.name, gradient]));
    const all = weights.canonicalNames().map((name) => known.get(name) ?? zeroTensor(name, weights.tensor(name).shape));
    const own = new Map(weights.inFileForm(all).map((tensor) => [tensor.name, tensor]));
    const expected = new Map(names.map((name) => [name, tensorValues(recorded.tensor(name))]));
    const largest = [...expected.values()].reduce((most, values) => Math.max(most, largestOf(values)), 0);
    return names.map((name) => compare(name, expected.get(name)!, own.get(name.slice(PREFIX.length)), largest));
  } finally {
    model.close();
  }
}

function compare(name: string, expected: Float32Array, own: StoredTensor | undefined, largest: number): OutputCheck {
  const allowed = OF_TENSOR * largestOf(expected) + OF_CHECKPOINT * largest;
  const values = own === undefined ? new Float32Array(0) : tensorValues(own);
  const comparison = new NumberComparison();
  values.forEach((value, i) => {
    comparison.add(value, expected[i] ?? Number.NaN);
  });
  const { cosine } = comparison;
  const difference = values.length === expected.length ? comparison.difference : Number.NaN;
  return { name, shape: own?.shape ?? [], difference, allowed, cosine, passed: difference <= allowed, values };
}

function largestOf(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

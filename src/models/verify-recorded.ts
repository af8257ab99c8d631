import type { Dimension } from "../backends/backend.ts";
import { asMatrix } from "../backends/shape.ts";
import type { Safetensors } from "../checkpoints/safetensors.ts";
import { elementCount, memoryTensor, type StoredTensor, tensorValues } from "../checkpoints/stored-types.ts";
import { CheckpointError } from "../errors.ts";
import type { Model } from "./model.ts";
import { NumberComparison } from "./number-comparison.ts";
import { type OutputRows, paddedPlaces, paddedSize, type RecordedBatch, readRecordedBatch } from "./recorded-batch.ts";

/** f32 against the reference: |difference| <= tolerance x max(1, the tensor's largest). */
export const DEFAULT_TOLERANCE = 1e-4;

export interface VerifyOptions {
  /** Default: 1e-4. */
  readonly tolerance?: number | undefined;
  /** What errors call the recorded file. Default: "expected.safetensors". */
  readonly fileName?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One recorded output and ours. */
export interface OutputCheck {
  /** As recorded, without "output.". */
  readonly name: string;
  readonly shape: readonly number[];
  /** The largest |difference| where nothing is masked; NaN when there is a `problem`. */
  readonly difference: number;
  /** What the tolerance admits. */
  readonly allowed: number;
  /** Of all numbers that are not masked. */
  readonly cosine: number;
  readonly passed: boolean;
  /** Why there is nothing to compare. */
  readonly problem?: string;
  /** Ours in the recorded shape, 0 where masked. */
  readonly values?: Float32Array;
}

export interface Verification {
  readonly checks: readonly OutputCheck[];
  readonly passed: boolean;
  /** Recorded tensors that are not compared: losses, gradients, and outputs of another meaning. */
  readonly notCompared: readonly string[];
}

/** Recorded outputs that mean something else: SqueezeBERT's attentions are the reference's raw, masked scores. */
const OF_ANOTHER_MEANING: { readonly [architecture: string]: RegExp } = { squeezebert: /^attentions\./ };

/** Names of the reference for results that the architectures here call otherwise. */
const OWN_NAMES: { readonly [recorded: string]: string } = { last_hidden_state: "hidden", pooler_output: "pooled" };

/**
 * Runs a model on the inputs that the reference recorded and compares every output that it recorded with them.
 *
 * Inputs are `input.*` and outputs `output.*`, padded; see `readRecordedBatch`. The results that people ask for run
 * as one program, hidden states and attentions as another, so that what is verified is fused as it usually is.
 *
 * @throws CheckpointError when the file records no inputs or no outputs.
 */
export async function verifyRecorded(
  model: Model,
  recorded: Safetensors,
  { tolerance = DEFAULT_TOLERANCE, fileName = "expected.safetensors", signal }: VerifyOptions = {},
): Promise<Verification> {
  const batch = readRecordedBatch(recorded, fileName);
  const names = recorded.list().map(({ name }) => name.replace(/^output\./, ""));
  const isCompared = (name: string) =>
    recorded.has(`output.${name}`) && !/loss$/.test(name) && !OF_ANOTHER_MEANING[model.architecture.name]?.test(name);
  const compared = names.filter(isCompared);
  if (compared.length === 0)
    throw new CheckpointError(`"${fileName}" records no outputs: expected tensors "output.*".`);
  const known = new Set(model.outputs);
  const runs = [/^[^.]*$/, /\./].map((kind) => compared.filter((name) => kind.test(name) && known.has(ownName(name))));
  const results = new Map<string, Float32Array>();
  for (const run of runs.filter((run) => run.length > 0)) {
    const outputs = await model.run(batch.batch, run.map(ownName), { signal });
    for (const name of run) results.set(name, outputs[ownName(name)]!);
  }
  const checks = compared.map((name) => {
    const expected = recorded.tensor(`output.${name}`);
    const result = results.get(name);
    if (result === undefined)
      return failed(name, expected, `this model has no such output; it has ${model.headOutputs.join(", ") || "none"}`);
    return compare(name, expected, result, rowsOf(model, ownName(name)), batch, tolerance);
  });
  return {
    checks,
    passed: checks.every((check) => check.passed),
    notCompared: names.filter((name) => !isCompared(name) && !name.startsWith("input.")),
  };
}

/** Our outputs, and the inputs they were computed from, as a file that can itself be verified against. */
export function recordedForm({ checks }: Verification, recorded: Safetensors): StoredTensor[] {
  const inputs = recorded.list().filter(({ name }) => name.startsWith("input."));
  const outputs = checks.filter(({ values }) => values !== undefined);
  return [
    ...inputs.map(({ name }) => recorded.tensor(name)),
    ...outputs.map(({ name, shape, values }) => memoryTensor(`output.${name}`, shape, values as Float32Array)),
  ];
}

/** "hidden_states.2" -> "hiddenStates.2" */
function ownName(recorded: string): string {
  return OWN_NAMES[recorded] ?? recorded.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** What the rows of an output are, and how many columns it has. */
function rowsOf(model: Model, name: string): { rows: Dimension; columns: number } {
  const program = model.program([name]);
  return asMatrix(program.values[program.outputs.get(name) as number]!.shape);
}

function compare(
  name: string,
  expected: StoredTensor,
  result: Float32Array,
  { rows, columns }: { rows: Dimension; columns: number },
  batch: RecordedBatch,
  tolerance: number,
): OutputCheck {
  const size = paddedSize(batch, rows as OutputRows, columns);
  if (size !== elementCount(expected.shape)) {
    return failed(name, expected, `ours has ${size} numbers, padded; recorded are [${expected.shape}]`);
  }
  const numbers = tensorValues(expected);
  const places = paddedPlaces(batch, rows as OutputRows, columns);
  const values = new Float32Array(size);
  const comparison = new NumberComparison();
  result.forEach((own, i) => {
    const place = places[i]!;
    values[place] = own;
    comparison.add(own, numbers[place]!);
  });
  const { difference, largest, cosine } = comparison;
  const allowed = tolerance * Math.max(1, largest);
  return { name, shape: expected.shape, difference, allowed, cosine, passed: difference <= allowed, values };
}

function failed(name: string, { shape }: StoredTensor, problem: string): OutputCheck {
  return { name, shape, difference: Number.NaN, allowed: Number.NaN, cosine: Number.NaN, passed: false, problem };
}

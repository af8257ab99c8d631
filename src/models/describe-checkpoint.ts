import type { Sizes } from "../backends/backend.ts";
import { ReferenceBackend } from "../backends/reference/reference.ts";
import type { WeightAudit } from "../checkpoints/checkpoint-weights.ts";
import type { Checkpoint } from "../checkpoints/repository.ts";
import type { ListedTensor } from "../checkpoints/safetensors.ts";
import { elementCount, STORED_BYTES, type StoredType, toFloat32 } from "../checkpoints/stored-types.ts";
import { byteLength } from "../engine/plan.ts";
import { ClozeError } from "../errors.ts";
import { type ConfiguredArchitecture, HEADS, type HeadName } from "./architecture.ts";
import { configure, headOf, loadModel } from "./load-model.ts";
import { Model } from "./model.ts";
import { findArchitecture } from "./registry.ts";

const FLOATS: ReadonlySet<string> = new Set(["F64", "F32", "F16", "BF16"]);

/** What a head would be opened with. */
export interface HeadDescription {
  readonly head: HeadName;
  /** Why it would not open. */
  readonly problem?: string;
}

export interface CheckpointDescription {
  /** Undefined when the configuration cannot be used; `problem` then says why. */
  readonly architecture: ConfiguredArchitecture | undefined;
  /** The head that the configuration names. */
  readonly head: HeadName | undefined;
  readonly problem: string | undefined;
  readonly heads: readonly HeadDescription[];
  /** How the files and the configured head fit; undefined when it would not open. */
  readonly audit: WeightAudit | undefined;
  /** Keys of the configuration that nothing reads. */
  readonly unusedKeys: readonly string[];
  readonly tensors: readonly ListedTensor[];
  /** Numbers in all tensors of floating-point numbers; buffers of positions are none. */
  readonly parameters: number;
  /** Bytes of all tensors in their files. */
  readonly bytes: number;
}

/** What a checkpoint holds and what of it would open, without reading any weights. */
export function describeCheckpoint(checkpoint: Checkpoint): CheckpointDescription {
  const tensors = checkpoint.list();
  const counts = {
    parameters: tensors.filter(({ type }) => FLOATS.has(type)).reduce((sum, { shape }) => sum + elementCount(shape), 0),
    bytes: tensors.reduce(
      (sum, { type, shape }) => sum + elementCount(shape) * (STORED_BYTES[type as StoredType] ?? 0),
      0,
    ),
  };
  const found = attempt(() => configure(checkpoint));
  const architecture = found.value;
  if (architecture === undefined) {
    const nothing = { architecture, head: undefined, heads: [], audit: undefined, unusedKeys: [] };
    return { ...nothing, problem: found.problem, tensors, ...counts };
  }
  const backend = new ReferenceBackend();
  const head = attempt(() => headOf(architecture));
  const opened = attempt(() => loadModel(checkpoint, { head: head.value, backend }).audit);
  const known = HEADS.filter((name) => architecture.heads[name] !== undefined);
  const heads = known.map((name) => {
    const { problem } = attempt(() => loadModel(checkpoint, { head: name, backend }));
    return { head: name, ...(problem === undefined ? {} : { problem }) };
  });
  const { unusedKeys } = findArchitecture(checkpoint.config, new Set(tensors.map(({ name }) => name)));
  return {
    architecture,
    head: head.value,
    problem: head.problem ?? opened.problem,
    heads,
    audit: opened.value,
    unusedKeys: unusedKeys(checkpoint.config),
    tensors,
    ...counts,
  };
}

/** The value, or the sentence of the error that took its place. */
function attempt<T>(make: () => T): { readonly value?: T; readonly problem?: string } {
  try {
    return { value: make() };
  } catch (error) {
    if (!(error instanceof ClozeError)) throw error;
    return { problem: error.message };
  }
}

/** Bytes that a run takes. */
export interface MemoryPlan {
  readonly texts: number;
  /** Of each text. */
  readonly length: number;
  /** Parameters in f32, shared by all runs. */
  readonly weights: number;
  /** What is computed on the way, reused as soon as it is dead. */
  readonly arena: number;
  readonly outputs: number;
}

/** Plans runs of `texts` texts of `length` tokens, with every seventh token looked up by a masked-word head. */
export function planMemory(
  architecture: ConfiguredArchitecture,
  head: HeadName,
  batches: readonly { readonly texts: number; readonly length: number }[],
): MemoryPlan[] {
  const tensors = (name: string): never => {
    throw new Error(`planning reads no weights, but asked for ${name}`);
  };
  const model = new Model({ architecture, head, backend: new ReferenceBackend(), tensors });
  const program = model.program(model.headOutputs.length > 0 ? model.headOutputs : ["hidden"]);
  const weights = program.parameters.reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);
  return batches.map(({ texts, length }) => {
    const tokens = texts * length;
    const sizes: Sizes = { tokens, texts, rows: Math.ceil(tokens / 7), pairs: texts * length * length };
    const outputs = [...program.outputs.values()].reduce((sum, id) => sum + byteLength(program.values[id]!, sizes), 0);
    return { texts, length, weights, arena: program.plan(sizes).bytes, outputs };
  });
}

/** A tensor with numbers that are none. */
export interface NonFiniteTensor {
  readonly name: string;
  readonly nan: number;
  readonly infinite: number;
}

/** Reads every tensor of floating-point numbers and lists those that hold NaN or infinities. */
export function findNonFinite(checkpoint: Checkpoint): NonFiniteTensor[] {
  const floats = checkpoint.list().filter(({ type }) => FLOATS.has(type));
  return floats.map(({ name }) => countNonFinite(checkpoint, name)).filter(({ nan, infinite }) => nan + infinite > 0);
}

function countNonFinite(checkpoint: Checkpoint, name: string): NonFiniteTensor {
  const tensor = checkpoint.tensor(name);
  let nan = 0;
  let infinite = 0;
  for (const number of toFloat32(tensor.type, tensor.read())) {
    if (Number.isNaN(number)) nan++;
    else if (!Number.isFinite(number)) infinite++;
  }
  return { name, nan, infinite };
}

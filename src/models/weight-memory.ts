/** What weights will take, before any of them is read. */
import { environmentVariable, memoryLimit } from "#platform";
import type { Backend, Dtype } from "../backends/backend.ts";
import type { ExpectedTensor } from "../checkpoints/checkpoint-weights.ts";
import { elementCount } from "../checkpoints/stored-types.ts";
import { CheckpointError, InputError } from "../errors.ts";
import type { DtypeOf } from "./model.ts";

const BYTES: { readonly [dtype in Dtype]: number } = { f32: 4, bf16: 2, int8: 1 };
/** All that 32-bit addresses reach. */
const WASM_LIMIT = 2 ** 32;

/** Whose weights, and where they are to go. */
export interface WeightMemory {
  /** As errors name the checkpoint. */
  readonly name: string;
  readonly backend: Backend;
  readonly dtype: Dtype | DtypeOf;
}

/**
 * Makes sure that weights fit into memory: the machine's, that of the process's control group, or as many bytes as the
 * environment variable `CLOZE_MEMORY_LIMIT` says; on WebAssembly 4 GiB at most. Runs take more than weights alone.
 *
 * @throws CheckpointError telling how much is needed and how much there is; InputError when the variable is no number.
 */
export function checkWeightMemory(parameters: readonly ExpectedTensor[], { name, backend, dtype }: WeightMemory): void {
  const dtypeOf = typeof dtype === "function" ? dtype : () => dtype;
  // Norms and biases, which have one dimension, always stay f32.
  const bytesOf = (parameter: ExpectedTensor) => (parameter.shape.length > 1 ? BYTES[dtypeOf(parameter.name)] : 4);
  const needed = parameters.reduce((sum, parameter) => sum + bytesOf(parameter) * elementCount(parameter.shape), 0);
  const isWasm = backend.info.name === "wasm";
  const limit = Math.min(statedLimit() ?? memoryLimit(), isWasm ? WASM_LIMIT : Number.POSITIVE_INFINITY);
  if (needed <= limit) return;
  const [wanted, there] = [needed, limit].map((bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`);
  const where = isWasm && limit === WASM_LIMIT ? "WebAssembly has at most" : "this process may take";
  throw new CheckpointError(
    `Checkpoint "${name}": its weights need ${wanted} of memory; ${where} ${there}. Load it with dtype "bf16" or "int8", or where there is more.`,
  );
}

function statedLimit(): number | undefined {
  const text = environmentVariable("CLOZE_MEMORY_LIMIT") || undefined;
  if (text === undefined) return undefined;
  const bytes = Number(text);
  if (Number.isFinite(bytes) && bytes > 0) return bytes;
  throw new InputError(`CLOZE_MEMORY_LIMIT is "${text}"; expected a number of bytes above 0.`);
}

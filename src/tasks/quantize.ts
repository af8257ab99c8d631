import type { Backend, Dtype } from "../backends/backend.ts";
import { createBackend } from "../backends/choose.ts";
import { resolveWhere } from "../checkpoints/default-model.ts";
import { inBrainFloat, inWholeSteps } from "../checkpoints/quantize-rows.ts";
import { Checkpoint, QUANTIZATION, QUANTIZATION_METHOD, SCALE } from "../checkpoints/repository.ts";
import { byteLength, type StoredTensor } from "../checkpoints/stored-types.ts";
import { InputError } from "../errors.ts";
import { configure } from "../models/load-model.ts";
import { narrowLayers } from "../models/narrow-layers.ts";
import { Tokenizer } from "../tokenizers/tokenizer.ts";
import { type Calibrated, type CalibrationRow, calibrate } from "./calibrate.ts";
import type { LoadOptions } from "./load-options.ts";

/** How a checkpoint is quantized. */
export interface QuantizeOptions extends Pick<LoadOptions, "backend" | "threads" | "signal"> {
  /** What weights become. Default: "int8". */
  readonly dtype?: "bf16" | "int8" | undefined;
  /**
   * Texts like those that the model will read. With them the layers that drift most stay in higher precision, and the
   * report says how far the result is from the original. Default: none, everything is quantized.
   */
  readonly calibration?: readonly CalibrationRow[] | undefined;
}

/** What was written. */
export interface QuantizeReport extends Partial<Calibrated> {
  readonly output: string;
  readonly dtype: "bf16" | "int8";
  /** Tensors of the files that were quantized. */
  readonly tensors: number;
  /** Of all weights, before and after. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/**
 * Writes a checkpoint with the weights of its matmuls and its embedding tables in bf16 or int8, so that it opens at once
 * and with the same results as the original opened with that `dtype`. Tokenizer and all else are copied.
 *
 *     const { bytesBefore, bytesAfter } = await quantize("models/bge-small", "models/bge-small-int8");
 *
 * @param where a model's folder; undefined: the default model
 * @throws InputError when it is not there, is quantized already, or keeps its encoder in a folder of its own; ConfigError,
 *   CheckpointError naming the file and what is wrong with it.
 */
export async function quantize(
  where: string | undefined,
  output: string,
  options: QuantizeOptions = {},
): Promise<QuantizeReport> {
  const { dtype = "int8", calibration, signal } = options;
  const { folder, layout, name } = await resolveWhere(where);
  if (layout !== undefined && layout.encoderFolder !== folder) {
    throw new InputError(`"${name}" keeps its encoder in "${layout.encoderFolder}": quantize that folder.`);
  }
  const checkpoint = Checkpoint.open(folder);
  if (checkpoint.quantizedTo !== undefined) {
    throw new InputError(`"${name}" is quantized to ${checkpoint.quantizedTo} already; quantize the original.`);
  }
  signal?.throwIfAborted();
  const layers = narrowLayers(checkpoint);
  let calibrated: Calibrated | undefined;
  if (calibration !== undefined) {
    const tokenizer = await Tokenizer.load(folder);
    calibrated = await onBackend(options, (backend) =>
      calibrate({ checkpoint, tokenizer, backend, layers, dtype, rows: calibration, signal }),
    );
  }
  const kept = new Map((calibrated?.kept ?? []).flatMap(({ names, dtype }) => names.map((name) => [name, dtype])));
  const written = writeQuantized(checkpoint, output, dtype, layers.flat(), kept);
  return { output, dtype, ...written, ...calibrated };
}

async function onBackend<T>({ backend, threads }: QuantizeOptions, work: (backend: Backend) => Promise<T>): Promise<T> {
  if (typeof backend === "object") return work(backend);
  const opened = await createBackend(backend, { threads });
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

function writeQuantized(
  checkpoint: Checkpoint,
  output: string,
  dtype: "bf16" | "int8",
  names: readonly string[],
  kept: ReadonlyMap<string, Dtype>,
) {
  const weights = checkpoint.weights(configure(checkpoint).names);
  const inDtype = (wanted: Dtype) => weights.holding(names.filter((name) => (kept.get(name) ?? dtype) === wanted));
  const [wholeSteps, brainFloats] = [new Set(inDtype("int8")), new Set(inDtype("bf16"))];
  const before = checkpoint.list().map(({ name }) => checkpoint.tensor(name));
  const after = before.flatMap((tensor) => {
    if (wholeSteps.has(tensor.name)) return inWholeSteps(tensor, tensor.name + SCALE);
    return [brainFloats.has(tensor.name) ? inBrainFloat(tensor) : tensor];
  });
  const config = { [QUANTIZATION]: { quant_method: QUANTIZATION_METHOD, dtype } };
  checkpoint.save(output, { tensors: after, config });
  const tensors = wholeSteps.size + brainFloats.size;
  return { tensors, bytesBefore: bytesOf(before), bytesAfter: bytesOf(after) };
}

function bytesOf(tensors: readonly StoredTensor[]): number {
  return tensors.reduce((sum, { type, shape }) => sum + byteLength(type, shape), 0);
}

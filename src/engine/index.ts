/** The engine: build a graph, make a program of it, run it on a backend. The `cloze/engine` subpath. */
export type {
  Backend,
  BackendInfo,
  BackendName,
  BackendOptions,
  Dimension,
  Dtype,
  Executable,
  Program,
  RunInputs,
  RunOutputs,
  Shape,
  Sizes,
  StoredTensor,
  TensorSource,
} from "../backends/backend.ts";
export { ACTIVATIONS, type Activation, POOLINGS, type Pooling } from "../backends/op-table.ts";
export { differentiate } from "./differentiate.ts";
export { Graph, type Value } from "./graph.ts";
export { type Initializer, normal, ONES, ZEROS } from "./initializer.ts";
export {
  type AttentionOptions,
  attention,
  attentionMix,
  attentionScores,
  attentionSoftmax,
} from "./ops/attention.ts";
export { concat, slice } from "./ops/columns.ts";
export { dropout } from "./ops/dropout.ts";
export { activation, add, affine, gatedUnit, multiply } from "./ops/elementwise.ts";
export { embedding, gatherRows } from "./ops/embedding.ts";
export { fourier } from "./ops/fourier.ts";
export { type LinearOptions, linear } from "./ops/linear.ts";
export { binaryCrossEntropy, crossEntropy } from "./ops/losses.ts";
export { matmul } from "./ops/matmul.ts";
export { layerNorm, normalize, rmsNorm } from "./ops/norm.ts";
export { pool } from "./ops/pool.ts";
export { type RotaryAngles, type RotaryOptions, rotary } from "./ops/rotary.ts";
export { shiftRows } from "./ops/shift-rows.ts";
export { logSoftmax, softmax } from "./ops/softmax.ts";
export { sumColumns, sumRows } from "./ops/sum.ts";
export { ParameterPath } from "./parameters.ts";
export { buildProgram, type ProgramOptions } from "./program.ts";

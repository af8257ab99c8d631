/** Architectures, and the models that run them: the `cloze/models` subpath. */
export {
  type Architecture,
  type ConfiguredArchitecture,
  defineArchitecture,
  type Encoded,
  HEADS,
  type HeadContext,
  type HeadName,
  type HeadOutputs,
} from "./architecture.ts";
export { freshWeights } from "./fresh-weights.ts";
export { configure, headOf, type LoadedModel, type LoadModelOptions, loadModel } from "./load-model.ts";
export { Model, type ModelOptions } from "./model.ts";
export type { Tail } from "./model-graph.ts";
export { type PackedBatch, pack } from "./packed-batch.ts";
export { ARCHITECTURES, findArchitecture } from "./registry.ts";

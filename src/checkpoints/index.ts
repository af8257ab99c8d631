/** `cloze/checkpoints`: the files that models are kept in. */
export {
  CheckpointWeights,
  type ExpectedTensor,
  type NameScheme,
  type TensorFiles,
  type WeightAudit,
} from "./checkpoint-weights.ts";
export {
  type ConfigField,
  choice,
  count,
  descriptive,
  flag,
  integer,
  type Key,
  labels,
  list,
  named,
  number,
  oneOrMore,
  only,
  optional,
  positive,
  probability,
  REQUIRED,
  Refusal,
  size,
  text,
  tokenId,
} from "./config-fields.ts";
export {
  below,
  type CommonConfig,
  type ConfigOf,
  type ConfigRule,
  ConfigTable,
  type ConfigValues,
  commonConfig,
  defineConfig,
  divides,
} from "./config-reader.ts";
export { DEFAULT_MODEL_PACKAGE, type ModelLocation, resolveWhere } from "./default-model.ts";
export type { HubOptions } from "./hub/hub-settings.ts";
export { type Pulled, type PullOptions, type PullProgress, pullModel } from "./hub/pull-model.ts";
export { type JsonObject, type JsonValue, jsonAt, readJson, readJsonObject } from "./json-files.ts";
export { interleavedHeads, type NameGeneration, type NameRule } from "./name-mapping.ts";
export { PytorchBin } from "./pytorch-bin.ts";
export { Checkpoint, type SaveOptions, type WeightFile } from "./repository.ts";
export { type ListedTensor, Safetensors, type SafetensorsOptions } from "./safetensors.ts";
export { type SafetensorsWriteOptions, safetensorsChunks, writeSafetensors } from "./safetensors-write.ts";
export { type RepositoryContent, saveRepository, type WeightFileContent } from "./save-repository.ts";
export type { ModuleActivation, PoolingMode, SentenceModule } from "./sentence-modules.ts";
export { readSentenceLayout, type SentenceLayout, type Similarity, tokenizerLimit } from "./sentence-transformers.ts";
export {
  byteLength,
  elementCount,
  fromFloat32,
  memoryTensor,
  STORED_BYTES,
  type StoredTensor,
  type StoredType,
  tensorValues,
  toFloat32,
} from "./stored-types.ts";

/** The public names of `cloze`. Parts to build with stand under `cloze/models`, `/tokenizers`, `/checkpoints`, `/engine`. */
export type { Backend, BackendInfo, BackendName } from "./backends/backend.ts";
export type { Similarity } from "./checkpoints/sentence-transformers.ts";
export {
  BackendError,
  CheckpointError,
  ClozeError,
  ConfigError,
  InputError,
  OverloadError,
  TokenizerError,
} from "./errors.ts";
export { Embedder } from "./tasks/embedder.ts";
export type { EmbedderOptions, EmbeddingDetail, EmbeddingOf, EmbedOptions } from "./tasks/embedder-options.ts";
export type { OnProgress, Progress } from "./tasks/progress.ts";
export type { Encoding } from "./tokenizers/encoding.ts";
export { type DecodeOptions, type EncodeOptions, Tokenizer } from "./tokenizers/tokenizer.ts";

/** The public names of `cloze`. Types of options stand under `cloze/tasks`, parts to build with under `cloze/models`, `/tokenizers`, `/checkpoints`, `/engine`. */
export type { Backend, BackendInfo, BackendName } from "./backends/backend.ts";
export { pullModel } from "./checkpoints/hub/pull-model.ts";
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
export { Answerer } from "./tasks/answerer.ts";
export type { Classification } from "./tasks/classification.ts";
export { Classifier } from "./tasks/classifier.ts";
export { Embedder } from "./tasks/embedder.ts";
export type { EmbeddingDetail } from "./tasks/embedder-options.ts";
export { Encoder } from "./tasks/encoder.ts";
export { MaskFiller } from "./tasks/mask-filler.ts";
export { MultipleChoice } from "./tasks/multiple-choice.ts";
export { NextSentence } from "./tasks/next-sentence.ts";
export type { OnProgress, Progress } from "./tasks/progress.ts";
export { quantize } from "./tasks/quantize.ts";
export { ReplacedTokenDetector } from "./tasks/replaced-token-detector.ts";
export { type Ranked, Reranker } from "./tasks/reranker.ts";
export { SparseEmbedder, type TokenWeight } from "./tasks/sparse-embedder.ts";
export { Tagger } from "./tasks/tagger.ts";
export { ZeroShotClassifier } from "./tasks/zero-shot-classifier.ts";
export type { Encoding } from "./tokenizers/encoding.ts";
export { type DecodeOptions, type EncodeOptions, Tokenizer } from "./tokenizers/tokenizer.ts";
export { evaluate } from "./training/evaluate/evaluate.ts";
export { fineTune } from "./training/fine-tune/fine-tune.ts";
export { pretrain } from "./training/pretrain.ts";
export { trainTokenizer } from "./training/train-tokenizer.ts";

/** Options and results of every task, beside their classes. The `cloze/tasks` subpath; the classes also stand in `cloze`. */

export { chromeTrace } from "../backends/profile/chrome-trace.ts";
export { type OpProfile, Profile, type ProfileTotals } from "../backends/profile/profile.ts";
export {
  type Answer,
  Answerer,
  type AnsweringDetail,
  type AnswerOptions,
  type AnswersOf,
} from "./answerer.ts";
export type { CalibrationRow } from "./calibrate.ts";
export type { Classification } from "./classification.ts";
export { type ClassificationOf, Classifier, type ClassifyOptions } from "./classifier.ts";
export { Embedder } from "./embedder.ts";
export type { EmbedderOptions, EmbeddingDetail, EmbeddingOf, EmbedOptions } from "./embedder-options.ts";
export { type EncodedText, Encoder, type EncodeTextOptions, type Tensor } from "./encoder.ts";
export type { Filling, FillOptions, PseudoLikelihood, TokenLikelihood, WholeTextOptions } from "./fill-options.ts";
export type { CallOptions, LoadOptions } from "./load-options.ts";
export { MaskFiller } from "./mask-filler.ts";
export { type Choices, type ChooseOptions, MultipleChoice } from "./multiple-choice.ts";
export { type Follows, NextSentence, type NextSentenceOptions } from "./next-sentence.ts";
export type { OnProgress, Progress } from "./progress.ts";
export { type QuantizeOptions, type QuantizeReport, quantize } from "./quantize.ts";
export type { Question } from "./question-reader.ts";
export type { ReadingDetail, ReadOptions, Truncation } from "./read-input.ts";
export { type DetectOptions, ReplacedTokenDetector, type SuspiciousWord } from "./replaced-token-detector.ts";
export { type Ranked, type RankedOf, type RankOptions, Reranker } from "./reranker.ts";
export type { ScoreActivation } from "./score-activation.ts";
export {
  SparseEmbedder,
  type SparseEmbeddingDetail,
  type SparseEmbeddingOf,
  type SparseEmbedOptions,
  type TokenWeight,
} from "./sparse-embedder.ts";
export type { Aggregation } from "./tagged-entities.ts";
export { type Entity, type SplitText, Tagger, type TaggingDetail, type TaggingOf, type TagOptions } from "./tagger.ts";
export type { TextInput, TextPair } from "./text-pair.ts";
export { ZeroShotClassifier, type ZeroShotClassifyOptions, type ZeroShotOptions } from "./zero-shot-classifier.ts";

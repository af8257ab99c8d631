/** Training and what belongs to it. The `cloze/training` subpath. */
export { type BatchOptions, batchesOfLikeLength, batchesOfSize, batchesOfTokens } from "./batches/batches.ts";
export { mixSequences, type Weighted } from "./batches/mix.ts";
export { type PackedRow, type PackOptions, packRows, type TokenText } from "./batches/pack.ts";
export {
  type Cursor,
  type Items,
  itemsOf,
  mapSequence,
  type Position,
  repeatSequence,
  type Sequence,
  sequenceOf,
} from "./batches/sequence.ts";
export { shuffledRows, shuffledStream } from "./batches/shuffle.ts";
export type { DataReport, LengthReport, OverlapReport, SplitReport } from "./data-report.ts";
export { type DebugDataOptions, debugData } from "./debug-data.ts";
export { type Evaluation, evaluate } from "./evaluate/evaluate.ts";
export { type EvaluateOptions, TRAINING_TASKS, type TrainingTask } from "./evaluate/evaluate-options.ts";
export { type FineTuneResult, fineTune } from "./fine-tune/fine-tune.ts";
export {
  type ClassWeights,
  EMBEDDING_LOSSES,
  type EmbeddingLoss,
  type FineTuneOptions,
  type FineTuneRecipe,
  RANKING_LOSSES,
  type RankingLoss,
} from "./fine-tune/fine-tune-options.ts";
export {
  type FineTuneSeedsOptions,
  type FineTuneSeedsResult,
  fineTuneSeeds,
  type SeedRun,
} from "./fine-tune/fine-tune-seeds.ts";
export type { LossBuilder, LossContext, LossTerm } from "./losses/loss-term.ts";
export { binaryLoss, labelLoss, squaredLoss } from "./losses/target-losses.ts";
export { Gazetteer, joinWords, type WordSpan } from "./objectives/gazetteer.ts";
export {
  type KnowledgeOptions,
  type KnowledgeStage,
  knowledgeStage,
  objectiveAt,
} from "./objectives/knowledge-stages.ts";
export { maskSpans, type SpanOptions } from "./objectives/mask-spans.ts";
export { maskTokens } from "./objectives/mask-tokens.ts";
export { maskUnits } from "./objectives/mask-units.ts";
export type { MaskedRow, MaskingOptions, MaskingVocabulary } from "./objectives/masked-row.ts";
export { PhraseCounter, type PhraseOptions } from "./objectives/phrases.ts";
export { type ReplacedRow, replaceBySamples } from "./objectives/replaced-tokens.ts";
export {
  nextSentencePairs,
  type SegmentPair,
  type SegmentPairOptions,
  type SentenceDocument,
  sentenceOrderPairs,
} from "./objectives/sentence-pairs.ts";
export type { OddLabel } from "./odd-labels.ts";
export { OPTIMIZERS, type OptimizerName, type OptimizerOptions, type UpdateSettings } from "./optimizers.ts";
export { pretrain } from "./pretrain.ts";
export type { Packing } from "./pretraining/corpus.ts";
export type { PretrainOptions, PretrainResult } from "./pretraining/pretrain-options.ts";
export { type RecordedRun, readRun, runReport } from "./report/run-report.ts";
export type { StepOptions, TrainingRunOptions } from "./run-options.ts";
export { learningRates, type Schedule, type ScheduleName, type ScheduleOptions } from "./schedules.ts";
export type { RowPair } from "./split-summary.ts";
export { type TrainedTokenizer, type TrainTokenizerOptions, trainTokenizer } from "./train-tokenizer.ts";
export { TrainableModel, type TrainableOptions, type WhichWeights } from "./trainable-model.ts";
export {
  type BestBy,
  type DevMetrics,
  type Learned,
  type Learner,
  type LoopResult,
  type TrainingLoopOptions,
  trainingLoop,
} from "./training-loop.ts";

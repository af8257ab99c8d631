/** Metrics: gold and predicted in, numbers out. The `cloze/evaluation` subpath. */
export { accuracy, cohenKappa, matthewsCorrelation } from "./agreement.ts";
export { type AnswerScores, answerF1, answerScores, exactMatch, normalizeAnswer } from "./answers.ts";
export { type BootstrapOptions, bootstrapInterval, bootstrapIntervals, type Interval } from "./bootstrap.ts";
export {
  brierScore,
  expectedCalibrationError,
  logLoss,
  multiClassBrierScore,
  type ReliabilityBin,
  reliabilityBins,
} from "./calibration.ts";
export {
  type Averaging,
  averageScores,
  type ClassCounts,
  type ClassScore,
  classScores,
  countClasses,
  type PrecisionRecallF1,
} from "./class-scores.ts";
export { type ClusterScores, clusterScores } from "./clustering.ts";
export { type Confusion, type ConfusionOptions, confusionMatrix, type Label, sortLabels } from "./confusion.ts";
export { kendall, pearson, spearman } from "./correlation.ts";
export { type EntityOptions, type TaggedEntity, taggedEntities } from "./entities.ts";
export { fitTemperature } from "./fit-temperature.ts";
export { type FittedThreshold, fitThreshold } from "./fit-threshold.ts";
export { maskedAccuracy, perplexity } from "./language-model.ts";
export { type MatchCounts, type MatchRule, partialMatch } from "./partial-match.ts";
export { type Judgements, ndcg, precisionAt, rankingPrecision, recallAt, reciprocalRank } from "./ranking.ts";
export {
  answerMetrics,
  classificationMetrics,
  type Metrics,
  multiLabelMetrics,
  rankingMetrics,
  regressionMetrics,
  taggingMetrics,
} from "./reports.ts";
export type { TagScheme } from "./tag-schemes.ts";
export { countEntities } from "./tag-scores.ts";
export { averagePrecision, rocAuc } from "./threshold-free.ts";

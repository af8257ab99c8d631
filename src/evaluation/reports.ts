/** All metrics of a task in one flat object, under the names that `cloze evaluate --json` prints. */
import { accuracy, cohenKappa, matthewsCorrelation } from "./agreement.ts";
import { answerScores } from "./answers.ts";
import { averageScores, type ClassCounts, countClasses } from "./class-scores.ts";
import type { Label } from "./confusion.ts";
import { kendall, pearson, spearman } from "./correlation.ts";
import type { EntityOptions } from "./entities.ts";
import { checkPaired } from "./paired.ts";
import { type Judgements, ndcg, precisionAt, rankingPrecision, recallAt, reciprocalRank } from "./ranking.ts";
import { countEntities } from "./tag-scores.ts";

/** Metrics by name, each a number. */
export interface Metrics {
  readonly [name: string]: number;
}

/** `accuracy`, `mcc`, `kappa`, and `precision_`, `recall_`, `f1_` of each averaging. */
export function classificationMetrics(gold: readonly Label[], predicted: readonly Label[]): Metrics {
  return {
    accuracy: accuracy(gold, predicted),
    mcc: matthewsCorrelation(gold, predicted),
    kappa: cohenKappa(gold, predicted),
    ...averagedMetrics(countClasses(gold, predicted)),
  };
}

/** `accuracy` (of whole sets), and `precision_`, `recall_`, `f1_` of each averaging. */
export function multiLabelMetrics(
  gold: readonly (readonly Label[])[],
  predicted: readonly (readonly Label[])[],
): Metrics {
  return { accuracy: accuracy(gold, predicted), ...averagedMetrics(countClasses(gold, predicted)) };
}

/** `pearson`, `spearman`, `kendall`, `mean_squared_error`, `mean_absolute_error`. A correlation with a constant is 0. */
export function regressionMetrics(gold: readonly number[], predicted: readonly number[]): Metrics {
  checkPaired(gold, predicted, "scores");
  const mean = (of: (difference: number) => number) =>
    gold.reduce((sum, value, i) => sum + of(predicted[i]! - value), 0) / gold.length;
  return {
    pearson: pearson(gold, predicted) || 0,
    spearman: spearman(gold, predicted) || 0,
    kendall: kendall(gold, predicted) || 0,
    mean_squared_error: mean((difference) => difference ** 2),
    mean_absolute_error: mean(Math.abs),
  };
}

/** `precision`, `recall`, `f1` of entities (micro), `f1_macro`, and `accuracy` of tags. */
export function taggingMetrics(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  options: EntityOptions = {},
): Metrics {
  const counts = countEntities(gold, predicted, options);
  return {
    ...averageScores(counts, "micro"),
    f1_macro: averageScores(counts, "macro").f1,
    accuracy: accuracy(gold.flat(), predicted.flat()),
  };
}

/** `exact_match` and `f1`, from 0 to 1. */
export function answerMetrics(gold: readonly (readonly string[])[], predicted: readonly string[]): Metrics {
  const { exactMatch, f1 } = answerScores(gold, predicted);
  return { exact_match: exactMatch, f1 };
}

/** `ndcg@k`, `mrr@k`, `map@k`, `precision@k`, `recall@k`: means over the queries. Default: k = 10. */
export function rankingMetrics(
  rankings: readonly (readonly string[])[],
  judgements: readonly Judgements[],
  { top = [10] }: { readonly top?: readonly number[] | undefined } = {},
): Metrics {
  checkPaired(judgements, rankings, "rankings");
  const measures = { ndcg, mrr: reciprocalRank, map: rankingPrecision, precision: precisionAt, recall: recallAt };
  const entries = top.flatMap((k) =>
    Object.entries(measures).map(([name, measure]) => {
      const sum = rankings.reduce((all, ranking, i) => all + measure(ranking, judgements[i]!, k), 0);
      return [`${name}@${k}`, sum / rankings.length] as const;
    }),
  );
  return Object.fromEntries(entries);
}

function averagedMetrics(counts: readonly ClassCounts[]): Metrics {
  const entries = (["macro", "micro", "weighted"] as const).flatMap((averaging) =>
    Object.entries(averageScores(counts, averaging)).map(([name, value]) => [`${name}_${averaging}`, value] as const),
  );
  return Object.fromEntries(entries);
}

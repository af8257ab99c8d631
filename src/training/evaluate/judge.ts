/** What gold and predicted make together, whatever predicted: metrics, the one that speaks for all, rows for a report. */
import { brierScore, expectedCalibrationError, logLoss } from "../../evaluation/calibration.ts";
import { averageScores, type ClassCounts } from "../../evaluation/class-scores.ts";
import type { EntityOptions } from "../../evaluation/entities.ts";
import type { Judgements } from "../../evaluation/ranking.ts";
import {
  answerMetrics,
  classificationMetrics,
  type Metrics,
  multiLabelMetrics,
  rankingMetrics,
  regressionMetrics,
} from "../../evaluation/reports.ts";
import { countEntities } from "../../evaluation/tag-scores.ts";
import { averagePrecision, rocAuc } from "../../evaluation/threshold-free.ts";
import type { JudgedRow } from "../report/evaluation-sections.ts";

/** How a model did on a split. */
export interface Judgement {
  readonly metrics: Metrics;
  /** The metric by which models of this task are chosen. */
  readonly main: string;
  /** Rows, questions or queries. */
  readonly count: number;
  /** The metrics of some of them, for confidence intervals. */
  measure(rows: ArrayLike<number>): Metrics;
  /** What the report shows of each row, where it was classified. */
  readonly predictions?: readonly JudgedRow[];
}

/** All rows judged by what some of them make together. */
export function judgementOf(count: number, main: string, measure: Judgement["measure"]): Judgement {
  const all = Array.from({ length: count }, (_, row) => row);
  return { metrics: measure(all), main, count, measure };
}

function pick<T>(values: readonly T[], rows: ArrayLike<number>): T[] {
  return Array.from(rows, (row) => values[row]!);
}

/** A row that was classified. */
export interface ClassifiedRow {
  readonly text: string;
  /** The number of its class. */
  readonly gold: number;
  /** One a class. */
  readonly probabilities: readonly number[];
}

/**
 * Of single labels: `classificationMetrics`, `log_loss`, `ece`; of two classes also `roc_auc`, `average_precision`,
 * `brier` and `f1` of the second, where both occur. Main: `accuracy`.
 */
export function judgeClasses(labels: readonly string[], rows: readonly ClassifiedRow[]): Judgement {
  const best = rows.map(({ probabilities }) => probabilities.indexOf(Math.max(...probabilities)));
  const gold = rows.map((row) => labels[row.gold]!);
  const predicted = best.map((index) => labels[index]!);
  const confidences = rows.map(({ probabilities }, i) => probabilities[best[i]!]!);
  const right = rows.map((row, i) => row.gold === best[i]);
  const measure = (chosen: ArrayLike<number>) => {
    const judged = pick(rows, chosen);
    return {
      ...classificationMetrics(pick(gold, chosen), pick(predicted, chosen)),
      log_loss: logLoss(
        judged.map((row) => row.gold),
        judged.map(({ probabilities }) => probabilities),
      ),
      ece: expectedCalibrationError(pick(right, chosen), pick(confidences, chosen)),
      ...(labels.length === 2 ? binaryMetrics(judged, pick(best, chosen)) : {}),
    };
  };
  return {
    ...judgementOf(rows.length, "accuracy", measure),
    predictions: rows.map(({ text }, i) => {
      return { text, gold: gold[i]!, predicted: predicted[i]!, confidence: confidences[i]! };
    }),
  };
}

function binaryMetrics(rows: readonly ClassifiedRow[], best: readonly number[]): Metrics {
  const positive = rows.map(({ gold }) => gold === 1);
  const scores = rows.map(({ probabilities }) => probabilities[1]!);
  const hits = best.filter((index, i) => index === 1 && positive[i]).length;
  const marked = best.filter((index) => index === 1).length + positive.filter(Boolean).length;
  const f1 = { f1: marked === 0 ? 0 : (2 * hits) / marked, brier: brierScore(positive, scores) };
  return { ...f1, ...curveMetrics(positive, scores) };
}

/** `roc_auc` and `average_precision`; none of one class alone, which has neither. */
function curveMetrics(positive: readonly boolean[], scores: readonly number[]): Metrics {
  if (new Set(positive).size < 2) return {};
  return { roc_auc: rocAuc(positive, scores), average_precision: averagePrecision(positive, scores) };
}

/** Of scores that should be high for positive rows: `roc_auc`, `average_precision`. Main: `average_precision`. */
export function judgeRelevance(positive: readonly boolean[], scores: readonly number[]): Judgement {
  return judgementOf(scores.length, "average_precision", (rows) => {
    const [gold, predicted] = [pick(positive, rows), pick(scores, rows)];
    return { roc_auc: rocAuc(gold, predicted), average_precision: averagePrecision(gold, predicted) };
  });
}

/** Of several labels a row: `multiLabelMetrics`. Main: `f1_micro`. */
export function judgeLabelSets(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
): Judgement {
  return judgementOf(gold.length, "f1_micro", (rows) => multiLabelMetrics(pick(gold, rows), pick(predicted, rows)));
}

/**
 * Of numbers: `regressionMetrics`; of likenesses, which have another scale than people's scores, the correlations alone.
 * Main: `spearman`.
 */
export function judgeScores(
  gold: readonly number[],
  predicted: readonly number[],
  { sameScale }: { readonly sameScale: boolean },
): Judgement {
  return judgementOf(gold.length, "spearman", (rows) => {
    const all = regressionMetrics(pick(gold, rows), pick(predicted, rows));
    const { pearson = 0, spearman = 0, kendall = 0 } = all;
    return sameScale ? all : { pearson, spearman, kendall };
  });
}

/** Of tags: `taggingMetrics`. Main: `f1` where tags mark entities, else `accuracy`. */
export function judgeTags(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  options: EntityOptions = {},
): Judgement {
  const marksEntities = gold.some((tags) => tags.some((tag) => /^[BISUEL]-/.test(tag)));
  const rights = gold.map((tags, i) => tags.filter((tag, at) => tag === predicted[i]![at]).length);
  const share = (rows: ArrayLike<number>) => meanOf(rows, (i) => rights[i]!) / meanOf(rows, (i) => gold[i]!.length);
  if (!marksEntities) return judgementOf(gold.length, "accuracy", (rows) => ({ accuracy: share(rows) }));
  const counts = gold.map((tags, i) => countEntities([tags], [predicted[i]!], options));
  return judgementOf(gold.length, "f1", (rows) => {
    const found = sumByLabel(Array.from(rows).flatMap((i) => counts[i]!));
    const { f1: f1_macro } = averageScores(found, "macro");
    return { ...averageScores(found, "micro"), f1_macro, accuracy: share(rows) };
  });
}

/** Counts of the same label added up. */
function sumByLabel(counts: readonly ClassCounts[]): ClassCounts[] {
  const sums = new Map<ClassCounts["label"], ClassCounts>();
  for (const each of counts) {
    const { support = 0, predicted = 0, correct = 0 } = sums.get(each.label) ?? {};
    sums.set(each.label, {
      label: each.label,
      support: support + each.support,
      predicted: predicted + each.predicted,
      correct: correct + each.correct,
    });
  }
  return [...sums.values()];
}

/** Of answers: `answerMetrics`. Main: `f1`. */
export function judgeAnswers(gold: readonly (readonly string[])[], predicted: readonly string[]): Judgement {
  const each = gold.map((answers, i) => answerMetrics([answers], [predicted[i]!]));
  return judgementOf(gold.length, "f1", (rows) => meansOf(each, rows));
}

/** Of rankings: `rankingMetrics`. Main: `ndcg@` the first of `top`. */
export function judgeRankings(
  rankings: readonly (readonly string[])[],
  judgements: readonly Judgements[],
  top: readonly number[],
): Judgement {
  const each = rankings.map((ranking, i) => rankingMetrics([ranking], [judgements[i]!], { top }));
  return judgementOf(rankings.length, `ndcg@${top[0] ?? 10}`, (rows) => meansOf(each, rows));
}

/** The mean of each metric over some of the rows. */
function meansOf(each: readonly Metrics[], rows: ArrayLike<number>): Metrics {
  const names = Object.keys(each[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, meanOf(rows, (i) => each[i]![name]!)]));
}

function meanOf(rows: ArrayLike<number>, of: (row: number) => number): number {
  let sum = 0;
  for (let i = 0; i < rows.length; i++) sum += of(rows[i]!);
  return sum / rows.length;
}

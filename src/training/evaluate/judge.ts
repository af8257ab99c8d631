/** What gold and predicted make together, whatever predicted: metrics, the one that speaks for all, rows for a report. */
import { accuracy } from "../../evaluation/agreement.ts";
import { answerScores } from "../../evaluation/answers.ts";
import { brierScore, expectedCalibrationError, logLoss } from "../../evaluation/calibration.ts";
import { averageScores } from "../../evaluation/class-scores.ts";
import { spearman } from "../../evaluation/correlation.ts";
import type { EntityOptions } from "../../evaluation/entities.ts";
import { type Judgements, ndcg } from "../../evaluation/ranking.ts";
import {
  answerMetrics,
  classificationMetrics,
  type Metrics,
  multiLabelMetrics,
  rankingMetrics,
  regressionMetrics,
  taggingMetrics,
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
  /** The main metric of some of them, for a confidence interval. */
  measure(rows: ArrayLike<number>): number;
  /** What the report shows of each row, where it was classified. */
  readonly predictions?: readonly JudgedRow[];
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
  const classes = rows.map((row) => row.gold);
  return {
    metrics: {
      ...classificationMetrics(gold, predicted),
      log_loss: logLoss(
        classes,
        rows.map(({ probabilities }) => probabilities),
      ),
      ece: expectedCalibrationError(right, confidences),
      ...(labels.length === 2 ? binaryMetrics(rows, best) : {}),
    },
    main: "accuracy",
    count: rows.length,
    measure: (chosen) => meanOf(chosen, (i) => Number(right[i])),
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
  const measure = (rows: ArrayLike<number>) => {
    const chosen = Array.from(rows);
    return averagePrecision(
      chosen.map((i) => positive[i]!),
      chosen.map((i) => scores[i]!),
    );
  };
  const metrics = { roc_auc: rocAuc(positive, scores), average_precision: averagePrecision(positive, scores) };
  return { metrics, main: "average_precision", count: scores.length, measure };
}

/** Of several labels a row: `multiLabelMetrics`. Main: `f1_micro`. */
export function judgeLabelSets(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
): Judgement {
  const measure = (rows: ArrayLike<number>) => {
    const chosen = Array.from(rows);
    return multiLabelMetrics(
      chosen.map((i) => gold[i]!),
      chosen.map((i) => predicted[i]!),
    ).f1_micro!;
  };
  return { metrics: multiLabelMetrics(gold, predicted), main: "f1_micro", count: gold.length, measure };
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
  const all = regressionMetrics(gold, predicted);
  const { pearson = 0, spearman: rho = 0, kendall = 0 } = all;
  const measure = (rows: ArrayLike<number>) => {
    const chosen = Array.from(rows);
    return spearman(
      chosen.map((i) => gold[i]!),
      chosen.map((i) => predicted[i]!),
    );
  };
  return {
    metrics: sameScale ? all : { pearson, spearman: rho, kendall },
    main: "spearman",
    count: gold.length,
    measure,
  };
}

/** Of tags: `taggingMetrics`. Main: `f1` where tags mark entities, else `accuracy`. */
export function judgeTags(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  options: EntityOptions = {},
): Judgement {
  const marksEntities = gold.some((tags) => tags.some((tag) => /^[BISUEL]-/.test(tag)));
  if (!marksEntities) {
    const rights = gold.map((tags, i) => tags.filter((tag, at) => tag === predicted[i]![at]).length);
    return {
      metrics: { accuracy: accuracy(gold.flat(), predicted.flat()) },
      main: "accuracy",
      count: gold.length,
      measure: (rows) => meanOf(rows, (i) => rights[i]!) / meanOf(rows, (i) => gold[i]!.length),
    };
  }
  const counts = gold.map((tags, i) => sumCounts(countEntities([tags], [predicted[i]!], options)));
  const measure = (rows: ArrayLike<number>) =>
    averageScores(
      Array.from(rows, (i) => counts[i]!),
      "micro",
    ).f1;
  return { metrics: taggingMetrics(gold, predicted, options), main: "f1", count: gold.length, measure };
}

function sumCounts(counts: ReturnType<typeof countEntities>) {
  const total = (key: "support" | "predicted" | "correct") => counts.reduce((sum, each) => sum + each[key], 0);
  return { label: "", support: total("support"), predicted: total("predicted"), correct: total("correct") };
}

/** Of answers: `answerMetrics`. Main: `f1`. */
export function judgeAnswers(gold: readonly (readonly string[])[], predicted: readonly string[]): Judgement {
  const scores = gold.map((answers, i) => answerScores([answers], [predicted[i]!]).f1);
  const measure = (rows: ArrayLike<number>) => meanOf(rows, (i) => scores[i]!);
  return { metrics: answerMetrics(gold, predicted), main: "f1", count: gold.length, measure };
}

/** Of rankings: `rankingMetrics`. Main: `ndcg@` the first of `top`. */
export function judgeRankings(
  rankings: readonly (readonly string[])[],
  judgements: readonly Judgements[],
  top: readonly number[],
): Judgement {
  const [first = 10] = top;
  const gains = rankings.map((ranking, i) => ndcg(ranking, judgements[i]!, first));
  return {
    metrics: rankingMetrics(rankings, judgements, { top }),
    main: `ndcg@${first}`,
    count: rankings.length,
    measure: (rows) => meanOf(rows, (i) => gains[i]!),
  };
}

function meanOf(rows: ArrayLike<number>, of: (row: number) => number): number {
  let sum = 0;
  for (let i = 0; i < rows.length; i++) sum += of(rows[i]!);
  return sum / rows.length;
}

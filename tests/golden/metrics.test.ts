import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import {
  averagePrecision,
  averageScores,
  brierScore,
  classificationMetrics,
  classScores,
  clusterScores,
  confusionMatrix,
  countEntities,
  kendall,
  logLoss,
  rankingMetrics,
  regressionMetrics,
  rocAuc,
  taggingMetrics,
} from "../../src/evaluation/index.ts";
import { describeShared } from "../support/shared.ts";

interface Scores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

interface Expected {
  readonly classification: Record<string, number> & { gold: number[]; predicted: number[]; confusion: number[][] };
  readonly binary: Record<string, number> & { gold: number[]; scores: number[] };
  readonly correlation: Record<string, number> & { x: number[]; y: number[]; z_with_ties: number[] };
  readonly ranking: { relevance: number[]; scores: number[]; "ndcg@10_linear": number; ndcg_linear: number }[];
  readonly clustering: Record<string, number> & { gold: number[]; predicted: number[] };
  readonly tagging: {
    gold: string[][];
    predicted: string[][];
    default: Scores;
    strict_iob2: Scores;
    report: Record<string, { precision: number; recall: number; "f1-score": number; support: number }>;
  };
}

describeShared("metrics as scikit-learn, SciPy and seqeval compute them", "goldens/metrics.json", (path) => {
  const golden = JSON.parse(readFileSync(path, "utf8")) as Expected;

  /** Every expected number to 1e-9. */
  const near = (got: object, expected: object) => {
    for (const [name, value] of Object.entries(expected)) {
      const difference = Math.abs((got as Record<string, number>)[name]! - (value as number));
      expect(difference, `${name}: ${(got as Record<string, number>)[name]} for ${value}`).toBeLessThanOrEqual(1e-9);
    }
  };

  it("classification", () => {
    const { gold, predicted, confusion, ...expected } = golden.classification;
    expect(Object.keys(expected)).toHaveLength(8);
    near(classificationMetrics(gold, predicted), expected);
    expect(confusionMatrix(gold, predicted)).toEqual({ labels: [0, 1, 2, 3], counts: confusion });
  });

  it("two classes by their scores", () => {
    const { gold, scores, ...expected } = golden.binary;
    near(
      {
        roc_auc: rocAuc(gold, scores),
        average_precision: averagePrecision(gold, scores),
        brier: brierScore(gold, scores),
        log_loss: logLoss(
          gold,
          scores.map((score) => Math.min(1 - 1e-7, Math.max(1e-7, score))).map((score) => [1 - score, score]),
        ),
      },
      expected,
    );
  });

  it("correlation", () => {
    const { x, y, z_with_ties, ...expected } = golden.correlation;
    const ties = regressionMetrics(x, z_with_ties);
    near(
      { ...regressionMetrics(x, y), spearman_ties: ties.spearman, kendall_ties: kendall(x, z_with_ties) },
      { ...expected, kendall_ties: expected.kendall_ties },
    );
  });

  it("ranking", () => {
    const judgements = golden.ranking.map(
      ({ relevance }) => new Map(relevance.map((gain, i) => [String(i), gain] as const)),
    );
    const rankings = golden.ranking.map(
      ({ scores }) =>
      scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!).map(String), // biome-ignore format: one
    );
    for (const [i, { "ndcg@10_linear": at10, ndcg_linear: all }] of golden.ranking.entries()) {
      near(rankingMetrics([rankings[i]!], [judgements[i]!], { top: [10, 20] }), { "ndcg@10": at10, "ndcg@20": all });
    }
  });

  it("clusters", () => {
    const { gold, predicted, ...expected } = golden.clustering;
    const { vMeasure, adjustedRand } = clusterScores(gold, predicted);
    near({ v_measure: vMeasure, nmi: vMeasure, adjusted_rand: adjustedRand }, expected);
  });

  it("entities, leniently and strictly, and their table", () => {
    const { gold, predicted, report } = golden.tagging;
    near(taggingMetrics(gold, predicted), golden.tagging.default);
    near(taggingMetrics(gold, predicted, { scheme: "IOB2" }), golden.tagging.strict_iob2);
    const counts = countEntities(gold, predicted);
    const rows = new Map<string, object>([
      ...classScores(counts).map(({ label, ...scores }) => [String(label), scores] as const),
      ...(["micro", "macro", "weighted"] as const).map(
        (averaging) => [`${averaging} avg`, averageScores(counts, averaging)] as const,
      ),
    ]);
    expect([...rows.keys()].sort()).toEqual(Object.keys(report).sort());
    for (const [name, { "f1-score": f1, precision, recall }] of Object.entries(report)) {
      near(rows.get(name)!, { precision, recall, f1 });
    }
  });
});

/** Precision, recall and F1, of each class and over all of them. */
import { type Label, sortLabels } from "./confusion.ts";
import { checkPaired } from "./paired.ts";

/** What there was of a class, what was predicted, and how much of it was both. */
export interface ClassCounts {
  readonly label: Label;
  /** Rows (or entities) of this class. */
  readonly support: number;
  /** Rows (or entities) predicted as this class. */
  readonly predicted: number;
  /** Those that are both. */
  readonly correct: number;
}

/** Of a class, or of several together. */
export interface PrecisionRecallF1 {
  /** The share of predictions that are right; 0 where there are none. */
  readonly precision: number;
  /** The share of gold that was found; 0 where there is none. */
  readonly recall: number;
  /** Their harmonic mean. */
  readonly f1: number;
}

/** A row of the per-class table. */
export interface ClassScore extends PrecisionRecallF1 {
  readonly label: Label;
  readonly support: number;
}

/**
 * How classes are made one figure. `macro`: the mean over classes; `micro`: of all counts together; `weighted`: the mean
 * over classes, each with its support for a weight.
 */
export type Averaging = "macro" | "micro" | "weighted";

/**
 * Counts of each class, sorted by label. A row has one label, or a list of them (several or none) in multi-label
 * classification. Classes are those that appear on either side.
 *
 * @throws InputError when the lists differ in length or are empty.
 */
export function countClasses(
  gold: readonly (Label | readonly Label[])[],
  predicted: readonly (Label | readonly Label[])[],
): ClassCounts[] {
  checkPaired(gold, predicted, "labels");
  const counts = new Map<Label, { support: number; predicted: number; correct: number }>();
  const of = (label: Label) => {
    const found = counts.get(label) ?? { support: 0, predicted: 0, correct: 0 };
    counts.set(label, found);
    return found;
  };
  for (const [i, row] of gold.entries()) {
    const expected = new Set(listOf(row));
    const got = new Set(listOf(predicted[i]!));
    for (const label of expected) of(label).support++;
    for (const label of got) {
      of(label).predicted++;
      if (expected.has(label)) of(label).correct++;
    }
  }
  return sortLabels(counts.keys()).map((label) => ({ label, ...of(label) }));
}

/** The per-class table. */
export function classScores(counts: readonly ClassCounts[]): ClassScore[] {
  return counts.map((each) => ({ label: each.label, ...scoreCounts(each), support: each.support }));
}

/** One figure each over all classes, as scikit-learn's `precision_recall_fscore_support` with zero for a division by 0. */
export function averageScores(counts: readonly ClassCounts[], averaging: Averaging): PrecisionRecallF1 {
  if (averaging === "micro") {
    return scoreCounts({ support: sum(counts, "support"), predicted: sum(counts, "predicted"), correct: sum(counts, "correct") }); // biome-ignore format: one
  }
  const weights = counts.map(({ support }) => (averaging === "macro" ? 1 : support));
  const total = weights.reduce((all, weight) => all + weight, 0);
  const mean = (key: keyof PrecisionRecallF1) =>
    total === 0 ? 0 : counts.reduce((all, each, i) => all + weights[i]! * scoreCounts(each)[key], 0) / total;
  return { precision: mean("precision"), recall: mean("recall"), f1: mean("f1") };
}

function scoreCounts(counts: Pick<ClassCounts, "support" | "predicted" | "correct">): PrecisionRecallF1 {
  const { support, predicted, correct } = counts;
  return {
    precision: predicted === 0 ? 0 : correct / predicted,
    recall: support === 0 ? 0 : correct / support,
    f1: support + predicted === 0 ? 0 : (2 * correct) / (support + predicted),
  };
}

function sum(counts: readonly ClassCounts[], key: "support" | "predicted" | "correct"): number {
  return counts.reduce((all, each) => all + each[key], 0);
}

function listOf(labels: Label | readonly Label[]): readonly Label[] {
  return typeof labels === "object" ? labels : [labels];
}

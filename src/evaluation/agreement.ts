/** How far predicted labels agree with gold ones, in one figure. */
import { type Confusion, confusionMatrix, type Label } from "./confusion.ts";
import { checkPaired } from "./paired.ts";

/**
 * The share of rows with the right label; in multi-label classification of those with exactly the right set.
 *
 * @throws InputError when the lists differ in length or are empty.
 */
export function accuracy(
  gold: readonly (Label | readonly Label[])[],
  predicted: readonly (Label | readonly Label[])[],
): number {
  checkPaired(gold, predicted, "labels");
  const right = gold.filter((label, i) => isSame(label, predicted[i]!));
  return right.length / gold.length;
}

/**
 * Matthews' correlation coefficient, for any number of classes: 1 for all right, 0 for chance, and 0 where one side has
 * one class only. Source: Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient", 2004.
 */
export function matthewsCorrelation(gold: readonly Label[], predicted: readonly Label[]): number {
  const { rows, columns, right, total } = margins(confusionMatrix(gold, predicted));
  const product = (a: readonly number[], b: readonly number[]) => a.reduce((sum, each, i) => sum + each * b[i]!, 0);
  const covariance = right * total - product(rows, columns);
  const spread = (total ** 2 - product(rows, rows)) * (total ** 2 - product(columns, columns));
  return spread === 0 ? 0 : covariance / Math.sqrt(spread);
}

/**
 * Cohen's kappa: the agreement beyond what chance gives, 1 for all right; 0 where chance alone gives full agreement.
 * Source: Cohen, "A coefficient of agreement for nominal scales", 1960.
 */
export function cohenKappa(gold: readonly Label[], predicted: readonly Label[]): number {
  const { rows, columns, right, total } = margins(confusionMatrix(gold, predicted));
  const expected = rows.reduce((sum, row, i) => sum + row * columns[i]!, 0) / total ** 2;
  return expected === 1 ? 0 : (right / total - expected) / (1 - expected);
}

function margins({ counts }: Confusion) {
  const rows = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const columns = counts.map((_, j) => counts.reduce((sum, row) => sum + row[j]!, 0));
  const right = counts.reduce((sum, row, i) => sum + row[i]!, 0);
  return { rows, columns, right, total: rows.reduce((sum, count) => sum + count, 0) };
}

function isSame(gold: Label | readonly Label[], predicted: Label | readonly Label[]): boolean {
  if (typeof gold !== "object" || typeof predicted !== "object") return gold === predicted;
  const expected = new Set(gold);
  return expected.size === new Set(predicted).size && predicted.every((label) => expected.has(label));
}

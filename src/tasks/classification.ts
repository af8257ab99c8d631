import { ConfigError, InputError } from "../errors.ts";

/** What a text was classified as. */
export interface Classification {
  /** The label with the highest score. */
  readonly label: string;
  /** Its score: a probability where the activation is a softmax or a sigmoid, else the number that the model gave. */
  readonly score: number;
  /** The scores of the labels, the highest first (labels that are whole numbers stand first, as JavaScript orders keys). */
  readonly scores: { readonly [label: string]: number };
  /**
   * Labels whose scores reach their thresholds, the highest first: of models of several labels a text whose thresholds were
   * fitted (`Classifier.thresholds`).
   */
  readonly chosen?: readonly string[];
}

/**
 * Sorts scores; labels of the same score keep the model's order.
 *
 * @param labels one for each score, all different
 * @param top how many scores to keep. Default: all.
 */
export function toClassification(labels: readonly string[], scores: readonly number[], top?: number): Classification {
  const best = byScore(scores)
    .slice(0, top)
    .map((i) => [labels[i] as string, scores[i] as number] as const);
  const [[label, score]] = best as unknown as [readonly [string, number]];
  return { label, score, scores: Object.fromEntries(best) };
}

/** Labels whose scores reach their thresholds, the highest first. */
export function chooseLabels(
  labels: readonly string[],
  scores: readonly number[],
  thresholds: readonly number[],
): string[] {
  return byScore(scores)
    .filter((i) => scores[i]! >= thresholds[i]!)
    .map((i) => labels[i]!);
}

/** Numbers of the labels, the highest score first, of equals in the model's order. */
function byScore(scores: readonly number[]): number[] {
  return scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
}

/** @throws InputError when `top` is no whole number above 0. More than there are is as many as there are. */
export function checkTop(top: number | undefined): number | undefined {
  if (top === undefined || (Number.isInteger(top) && top >= 1)) return top;
  throw new InputError(`top is ${top}; expected an integer of at least 1.`);
}

/** @throws ConfigError when two classes have one name: scores are told apart by it. */
export function checkDifferent(labels: readonly string[]): void {
  const again = labels.find((label, i) => labels.indexOf(label) !== i);
  if (again === undefined) return;
  throw new ConfigError(`config.json: id2label gives two classes the name "${again}"; expected different names.`);
}

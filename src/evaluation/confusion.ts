import { checkPaired } from "./paired.ts";

/** A class, by its name or its number. */
export type Label = string | number;

/** How often rows of one class were given another. */
export interface Confusion {
  /** The classes, in the order of rows and columns. */
  readonly labels: readonly Label[];
  /** `counts[i][j]`: rows of class `labels[i]` that were predicted as `labels[j]`. */
  readonly counts: readonly (readonly number[])[];
}

/** How `confusionMatrix` is laid out. */
export interface ConfusionOptions {
  /** Order of rows and columns. Default: all labels that appear on either side, sorted. */
  readonly labels?: readonly Label[] | undefined;
}

/**
 * The confusion matrix of a single-label classification: gold labels down, predicted ones across.
 *
 * @throws InputError when the lists differ in length or are empty.
 */
export function confusionMatrix(
  gold: readonly Label[],
  predicted: readonly Label[],
  options: ConfusionOptions = {},
): Confusion {
  checkPaired(gold, predicted, "labels");
  const labels = options.labels ?? sortLabels([...gold, ...predicted]);
  const places = new Map(labels.map((label, i) => [label, i]));
  const counts = labels.map(() => new Array<number>(labels.length).fill(0));
  for (const [i, label] of gold.entries()) {
    const row = places.get(label);
    const column = places.get(predicted[i]!);
    if (row !== undefined && column !== undefined) counts[row]![column]!++;
  }
  return { labels, counts };
}

/** Every label once: numbers by value, names by their code units. */
export function sortLabels(labels: Iterable<Label>): Label[] {
  return [...new Set(labels)].sort((a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a) < String(b) ? -1 : 1;
  });
}

import { InputError } from "../errors.ts";
import type { DataRow } from "./data-row.ts";
import { quoted } from "./source-row.ts";

/** The labels (or tags) of a training split, with their numbers and how often each occurs. */
export class LabelSet {
  /** In the order of their numbers: sorted by code units. */
  readonly labels: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  readonly #indices: ReadonlyMap<string, number>;

  constructor(counts: ReadonlyMap<string, number>) {
    this.labels = [...counts.keys()].sort();
    this.counts = counts;
    this.#indices = new Map(this.labels.map((label, i) => [label, i]));
  }

  /**
   * Reads a split and collects its labels.
   *
   * @param name what errors call it
   * @throws InputError when it holds no rows, or one label only: there is nothing to learn from it.
   */
  static async collect(rows: AsyncIterable<DataRow> | Iterable<DataRow>, name: string): Promise<LabelSet> {
    const counts = new Map<string, number>();
    let total = 0;
    for await (const row of rows) {
      total++;
      for (const label of labelsOf(row)) counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    if (total === 0) throw new InputError(`${name} holds no rows: the split is empty.`);
    if (counts.size < 2) {
      const which = counts.size === 0 ? "no labels" : `one label only, "${[...counts.keys()][0]}",`;
      throw new InputError(`${name} has ${which} in ${total} rows; expected two or more to tell apart.`);
    }
    return new LabelSet(counts);
  }

  /**
   * A label's number.
   *
   * @param where the row, for the error
   * @throws InputError when training did not have it.
   */
  index(label: string, where: string): number {
    const index = this.#indices.get(label);
    if (index !== undefined) return index;
    const known = this.labels.length <= 20 ? quoted(this.labels) : `${quoted(this.labels.slice(0, 20))}, ...`;
    throw new InputError(`${where}: the label "${label}" does not occur in training; there are ${known}.`);
  }
}

/** The labels of a row, one or several or its tags; none where it has a score or nothing. */
export function labelsOf(row: DataRow): readonly string[] {
  return row.tags ?? row.labels ?? (row.label === undefined ? [] : [row.label]);
}

import { seedOf } from "../backends/random.ts";
import type { DataRow } from "../datasets/data-row.ts";
import { inputKey } from "../datasets/data-row.ts";
import { labelsOf } from "../datasets/label-set.ts";

/** Two rows that have the same input, counted from 1. */
export interface RowPair {
  readonly first: number;
  readonly again: number;
}

/** Examples that are kept of each finding. */
const EXAMPLES = 3;

/** What there is to know about a split, gathered row by row; memory holds a number a row. */
export class SplitSummary {
  rows = 0;
  /** Rows with an empty text, question or list of tokens. */
  empty = 0;
  /** Rows whose input an earlier row has. */
  duplicates = 0;
  /** Of these, those with another label or score. */
  conflicts = 0;
  readonly duplicateExamples: RowPair[] = [];
  readonly conflictExamples: RowPair[] = [];
  /** Rows (tokens, for tags) of each label. */
  readonly labels = new Map<string, number>();
  readonly scores = { count: 0, sum: 0, least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY };
  /** Questions without an answer. */
  unanswerable = 0;
  /** Tokens (without a tokenizer: characters) of each row's input. */
  readonly lengths: number[] = [];
  /** The row of each input, by a number made of it. */
  readonly inputs = new Map<number, number>();
  /** What was said of each input first. */
  readonly #targets: number[] = [];

  add(row: DataRow, length: number): void {
    this.rows++;
    this.lengths.push(length);
    if (isEmpty(row)) this.empty++;
    for (const label of labelsOf(row)) this.labels.set(label, (this.labels.get(label) ?? 0) + 1);
    if (row.score !== undefined) this.#addScore(row.score);
    if (row.answers?.length === 0) this.unanswerable++;
    this.#compare(row);
  }

  #addScore(score: number): void {
    this.scores.count++;
    this.scores.sum += score;
    this.scores.least = Math.min(this.scores.least, score);
    this.scores.most = Math.max(this.scores.most, score);
  }

  #compare(row: DataRow): void {
    const key = hashText(inputKey(row));
    const target = hashText(JSON.stringify([row.label, row.labels, row.score, row.tags, row.answers]));
    this.#targets.push(target);
    const first = this.inputs.get(key);
    if (first === undefined) {
      this.inputs.set(key, this.rows);
      return;
    }
    this.duplicates++;
    keep(this.duplicateExamples, { first, again: this.rows });
    if (this.#targets[first - 1] === target) return;
    this.conflicts++;
    keep(this.conflictExamples, { first, again: this.rows });
  }
}

/** Rows of `later` whose input `earlier` has. */
export function findOverlap(earlier: SplitSummary, later: SplitSummary): { rows: number; examples: RowPair[] } {
  const examples: RowPair[] = [];
  let rows = 0;
  for (const [key, again] of later.inputs) {
    const first = earlier.inputs.get(key);
    if (first === undefined) continue;
    rows++;
    keep(examples, { first, again });
  }
  return { rows, examples };
}

function isEmpty(row: DataRow): boolean {
  const texts = [row.text, row.pair, row.negative, row.question, row.context].filter((text) => text !== undefined);
  return texts.some((text) => text.trim() === "") || row.tokens?.length === 0;
}

function keep(examples: RowPair[], pair: RowPair): void {
  if (examples.length < EXAMPLES) examples.push(pair);
}

/** 53 bits: of a million texts two share a number once in some ten thousand files. */
function hashText(text: string): number {
  return (seedOf(1, text) >>> 0) * 2 ** 21 + (seedOf(2, text) >>> 11);
}

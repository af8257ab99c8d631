import type { OddLabel } from "./odd-labels.ts";
import type { RowPair } from "./split-summary.ts";

/** One file. */
export interface SplitReport {
  readonly file: string;
  readonly format: string;
  /** What was inferred: `single-label classification: "text" -> "label"`. */
  readonly task: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** Rows passed over, with `skipBadRows`, and why the first was. */
  readonly skipped: number;
  readonly firstSkipped?: string;
  /** How often each label (or tag) occurs. */
  readonly labels?: { readonly [label: string]: number };
  readonly oddLabels: readonly OddLabel[];
  readonly scores?: { readonly least: number; readonly most: number; readonly mean: number };
  /** Questions without an answer. */
  readonly unanswerable?: number;
  readonly empty: number;
  /** Rows whose input an earlier row of the file has; those with another label or score; the first few, from 1. */
  readonly duplicates: { readonly rows: number; readonly examples: readonly RowPair[] };
  readonly conflicts: { readonly rows: number; readonly examples: readonly RowPair[] };
  readonly lengths: LengthReport;
}

/** How long inputs are. */
export interface LengthReport {
  readonly unit: "tokens" | "characters";
  readonly median: number;
  readonly longest: number;
  /** What the model reads, where it is known, and rows that are longer. */
  readonly maxLength?: number;
  readonly tooLong?: number;
}

/** Inputs that two files share; places are rows of each, from 1. */
export interface OverlapReport {
  readonly files: readonly [earlier: string, later: string];
  readonly rows: number;
  readonly examples: readonly RowPair[];
}

/** What `debugData` found. */
export interface DataReport {
  readonly files: readonly SplitReport[];
  readonly overlaps: readonly OverlapReport[];
  /** Everything that deserves a look, a sentence each. */
  readonly warnings: readonly string[];
}

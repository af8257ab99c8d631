import { baseName } from "#platform";
import { InputError } from "../errors.ts";
import { type ColumnRoles, type DataInput, type DataTarget, findRoles, inputOf } from "./columns.ts";
import { type DataFormat, formatOfName, hashData } from "./data-file.ts";
import { type DataRow, toDataRow } from "./data-row.ts";
import type { SourceRow } from "./source-row.ts";
import { quoted, reportBadRow } from "./source-row.ts";
import { readSourceRows, resolveData, type SourceOptions } from "./source-rows.ts";

/** How `Dataset.open` reads a file. */
export interface DatasetOptions {
  /** Columns by role, where their names do not say it: `{ text: "review", label: "stars" }`. */
  readonly columns?: { readonly [role: string]: string } | undefined;
  /** How the file is written. Default: as its name says; `.gz` is left out, and unpacked in any case. */
  readonly format?: DataFormat | undefined;
  /** What a model is to say of a row. Default: inferred. */
  readonly target?: DataTarget | undefined;
  /** Pass over rows that cannot be read, and count them. Default: false, the first is an error. */
  readonly skipBadRows?: boolean | undefined;
  /** In CoNLL files: which column holds the token, from 0. Default: 0, in CoNLL-U 1. */
  readonly tokenColumn?: number | undefined;
  /** In CoNLL files: which column holds the tag, from 0, below 0 from the end. Default: -1, in CoNLL-U 3. */
  readonly tagColumn?: number | undefined;
}

/** Rows that are looked at to find columns and task. */
const ROWS_LOOKED_AT = 1000;

const TASKS: { readonly [target in DataTarget]: string } = {
  label: "single-label classification",
  labels: "multi-label classification",
  score: "regression",
  scores: "distillation",
  tags: "tagging",
  answers: "extractive question answering",
  none: "unlabelled texts",
};

/**
 * A file of labelled (or plain) rows: JSON Lines, CSV, TSV, Parquet, CoNLL, SQuAD, lines; gzip or not. Rows are read anew
 * each time it is iterated, a few at a time.
 */
export class Dataset implements AsyncIterable<DataRow> {
  readonly file: string;
  /** The file's own name, as errors say it. */
  readonly name: string;
  readonly format: DataFormat;
  /** Every column of the first 1,000 rows. */
  readonly columns: readonly string[];
  readonly roles: ColumnRoles;
  readonly input: DataInput;
  readonly target: DataTarget;
  /** What was inferred, for people: `single-label classification: "text" -> "label"`. */
  readonly statement: string;
  /** Rows passed over in the latest iteration, with `skipBadRows`. */
  skipped = 0;
  /** Why the first of them was. */
  firstSkipped: string | undefined;
  readonly #options: DatasetOptions;

  private constructor(file: string, format: DataFormat, sample: readonly SourceRow[], options: DatasetOptions) {
    this.file = file;
    this.name = baseName(file);
    this.format = format;
    this.columns = [...new Set(sample.flatMap(({ values }) => Object.keys(values)))];
    this.roles = findRoles(this.columns, this.name, options.columns);
    this.input = inputOf(this.roles)!;
    this.target = targetOf(this.roles, this.input, sample, this.name, options.target);
    this.statement = describe(this);
    this.#options = options;
  }

  /**
   * Opens a file, or a folder with `questions.jsonl` and `paragraphs.jsonl`, and looks at its first rows.
   *
   * @throws InputError when it is not there, holds no rows that can be read, or a column is missing.
   */
  static async open(where: string, options: DatasetOptions = {}): Promise<Dataset> {
    const file = resolveData(where);
    const format = options.format ?? formatOfName(file);
    const sample: SourceRow[] = [];
    const bad: InputError[] = []; // columns come first: bad rows are told when rows are read
    const noted = sourceOptions({ ...options, skipBadRows: true }, (error) => bad.push(error));
    for await (const row of readSourceRows(file, format, noted)) {
      if (sample.push(row) === ROWS_LOOKED_AT) break;
    }
    if (sample.length === 0 && bad[0] !== undefined) throw bad[0];
    if (sample.length === 0) throw new InputError(`${baseName(file)} holds no rows: the split is empty.`);
    return new Dataset(file, format, sample, options);
  }

  /** Every row, in the file's order. @throws InputError naming file and line of a bad row, without `skipBadRows`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<DataRow> {
    this.skipped = 0;
    this.firstSkipped = undefined;
    const options = sourceOptions(this.#options, (error) => {
      this.skipped++;
      this.firstSkipped ??= error.message;
    });
    for await (const row of readSourceRows(this.file, this.format, options)) {
      try {
        yield toDataRow(row, this.roles, this.target);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        reportBadRow(error, options);
      }
    }
  }

  /** SHA-256 of the file: kept with a run, it tells when the data was changed before resuming. */
  hash(): string {
    return hashData(this.file);
  }
}

function sourceOptions(options: DatasetOptions, onBadRow: (error: InputError) => void): SourceOptions {
  const { skipBadRows, tokenColumn, tagColumn } = options;
  return { tokenColumn, tagColumn, onBadRow: skipBadRows ? onBadRow : undefined };
}

function targetOf(
  roles: ColumnRoles,
  input: DataInput,
  sample: readonly SourceRow[],
  name: string,
  asked: DataTarget | undefined,
): DataTarget {
  if (asked !== undefined && asked !== "none") {
    const isThere = roles[asked] !== undefined || (asked === "score" && roles.label !== undefined);
    if (!isThere) throw new InputError(`${name} has no column for ${asked}. Name it: --columns ${asked}=NAME.`);
  }
  if (asked !== undefined) return asked;
  if (input === "tokens") return roles.tags === undefined ? "none" : "tags";
  if (input === "question") return roles.answers === undefined ? "none" : "answers";
  if (roles.label !== undefined) return hasFractions(sample, roles.label) ? "score" : "label";
  if (roles.labels !== undefined) return "labels";
  if (roles.scores !== undefined) return "scores";
  return roles.score === undefined ? "none" : "score";
}

/** Whether all values are numbers and some of them no whole ones: no classes, then. */
function hasFractions(sample: readonly SourceRow[], column: string): boolean {
  const numbers = sample
    .map(({ values }) => values[column])
    .map((value) => (value === "" ? Number.NaN : Number(value)));
  return numbers.every((number) => !Number.isNaN(number)) && numbers.some((number) => !Number.isInteger(number));
}

function describe({ input, target, roles }: Pick<Dataset, "input" | "target" | "roles">): string {
  const { text, pair, negative, negatives, tokens, question, context, choices } = roles;
  const inputs = { text: [text], pair: [text, pair], triplet: [text, pair, negative ?? negatives], tokens: [tokens], question: [question, context], choices: [text, choices] }; // biome-ignore format: one
  const read = quoted(inputs[input].filter((column) => column !== undefined));
  if (target === "none") return `${TASKS.none}: ${read}`;
  const column = roles[target] ?? roles.label;
  return `${TASKS[target]}: ${read} -> "${column}"`;
}

import { InputError } from "../errors.ts";
import type { GoldAnswer } from "./answer-rows.ts";
import type { ColumnRole, ColumnRoles, DataTarget } from "./columns.ts";
import { quoted, type SourceRow } from "./source-row.ts";

/** A row as a task takes it. Which members are there is the data set's `input` and `target`. */
export interface DataRow {
  /** Where it stands, for errors: "train.jsonl, line 7". */
  readonly where: string;
  /** The query's or document's of a collection for retrieval. */
  readonly id?: string;
  readonly text?: string;
  /** The second text of a pair, or what belongs to `text` in a triplet. */
  readonly pair?: string;
  /** What does not belong to `text` in a triplet: one text, or several. */
  readonly negative?: string;
  readonly negatives?: readonly string[];
  readonly tokens?: readonly string[];
  readonly question?: string;
  readonly context?: string;
  readonly choices?: readonly string[];
  readonly label?: string;
  readonly labels?: readonly string[];
  readonly score?: number;
  /** A teacher's: of `pair`, then of each negative. */
  readonly scores?: readonly number[];
  /** One a token. */
  readonly tags?: readonly string[];
  /** None where a question has no answer. */
  readonly answers?: readonly GoldAnswer[];
}

const TEXT_ROLES = ["text", "pair", "negative", "question", "context"] as const;

/**
 * Takes the columns of a row by their roles. Numbers as labels become text. In CSV and TSV, where all is text, labels are
 * parted at "|" (or commas where there is none), tokens and tags at white space.
 *
 * @throws InputError naming row and column when one is missing or of another kind, or tags and tokens differ in number.
 */
export function toDataRow(row: SourceRow, roles: ColumnRoles, target: DataTarget): DataRow {
  const result: { -readonly [key in keyof DataRow]: DataRow[key] } = { where: row.where };
  for (const role of TEXT_ROLES) {
    const text = takeText(row, roles[role]);
    if (text !== undefined) result[role] = text;
  }
  if (roles.tokens !== undefined) result.tokens = takeList(row, roles.tokens, /\s+/);
  if (roles.negatives !== undefined) result.negatives = takeList(row, roles.negatives, /\|/);
  if (roles.choices !== undefined) result.choices = takeList(row, roles.choices, /\|/);
  if (target === "label") result.label = takeLabel(row, roles.label!);
  else if (target === "labels") result.labels = takeLabels(row, roles.labels!);
  else if (target === "score") result.score = takeScore(row, (roles.score ?? roles.label)!);
  else if (target === "scores") result.scores = takeScores(row, roles.scores!);
  else if (target === "tags") result.tags = takeList(row, roles.tags!, /\s+/);
  else if (target === "answers") result.answers = takeAnswers(row, roles.answers!);
  if (result.tokens !== undefined && result.tags !== undefined && result.tokens.length !== result.tags.length) {
    throw new InputError(`${row.where} has ${result.tags.length} tags for ${result.tokens.length} tokens.`);
  }
  return result;
}

/** The value in a column that the row must have. */
function take(row: SourceRow, column: string, expected: string): unknown {
  const value = Object.hasOwn(row.values, column) ? row.values[column] : undefined;
  if (value !== undefined && value !== null) return value;
  const what = value === null ? "it is null" : `it has ${quoted(Object.keys(row.values))}`;
  throw new InputError(
    `${row.where}: expected ${expected} in "${column}"; ${what}. All rows must have the same columns.`,
  );
}

function takeText(row: SourceRow, column: string | undefined): string | undefined {
  if (column === undefined) return undefined;
  const value = take(row, column, "a text");
  return typeof value === "string" ? value : refuse(row, column, "a text", value);
}

function takeLabel(row: SourceRow, column: string): string {
  const value = take(row, column, "a label");
  if (typeof value === "string" && value !== "") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return refuse(row, column, "a label", value);
}

function takeLabels(row: SourceRow, column: string): readonly string[] {
  const value = take(row, column, "a list of labels");
  if (typeof value === "string") return splitCell(value, value.includes("|") ? /\|/ : /,/);
  const isList = Array.isArray(value) && value.every((each) => ["string", "number"].includes(typeof each));
  return isList ? value.map(String) : refuse(row, column, "a list of labels", value);
}

function takeScore(row: SourceRow, column: string): number {
  const value = take(row, column, "a number");
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : refuse(row, column, "a number", value);
}

function takeScores(row: SourceRow, column: string): readonly number[] {
  const value = take(row, column, "a list of numbers");
  const numbers = typeof value === "string" ? splitCell(value, /\|/).map(Number) : value;
  const isList = Array.isArray(numbers) && numbers.every((each) => typeof each === "number" && Number.isFinite(each));
  return isList ? numbers : refuse(row, column, "a list of numbers", value);
}

function takeList(row: SourceRow, column: string, separator: RegExp): readonly string[] {
  const value = take(row, column, "a list of strings");
  if (typeof value === "string") return splitCell(value, separator);
  const isList = Array.isArray(value) && value.every((each) => typeof each === "string");
  return isList ? value : refuse(row, column, "a list of strings", value);
}

function takeAnswers(row: SourceRow, column: string): readonly GoldAnswer[] {
  const value = take(row, column, "a list of { text, start }");
  const isList = Array.isArray(value) && value.every(isAnswer);
  return isList ? value : refuse(row, column, "a list of { text, start }", value);
}

function isAnswer(value: unknown): value is GoldAnswer {
  const answer = value as GoldAnswer | null;
  return typeof answer?.text === "string" && Number.isInteger(answer.start);
}

function splitCell(cell: string, separator: RegExp): readonly string[] {
  return cell.trim() === ""
    ? []
    : cell
        .trim()
        .split(separator)
        .map((part) => part.trim());
}

function refuse(row: SourceRow, column: string, expected: string, value: unknown): never {
  const shown = JSON.stringify(value) ?? typeof value;
  const clipped = shown.length <= 80 ? shown : `${shown.slice(0, 79)}…`;
  throw new InputError(`${row.where}: expected ${expected} in "${column}"; it is ${clipped}.`);
}

/** What stands in a role of a row, as text that tells rows apart. */
export function inputKey(row: DataRow): string {
  const parts: readonly ColumnRole[] = [
    "text",
    "pair",
    "negative",
    "negatives",
    "question",
    "context",
    "tokens",
    "choices",
  ];
  return JSON.stringify(parts.map((role) => row[role as keyof DataRow] ?? null));
}

/** What does not belong to a row's first text: none, one or several. */
export function negativesOf({ negative, negatives = [] }: DataRow): readonly string[] {
  return negative === undefined ? negatives : [negative];
}

/** Everything of a row that is text, as a corpus of plain text has it. */
export function textsOf({ text, pair, negative, negatives, tokens, question, context, choices }: DataRow): string[] {
  const texts = [text, pair, negative, tokens?.join(" "), question, context, ...(negatives ?? []), ...(choices ?? [])];
  return texts.filter((each) => each !== undefined);
}

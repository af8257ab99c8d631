/** Which column of a file plays which part. */
import { InputError } from "../errors.ts";
import { quoted } from "./source-row.ts";

/** The parts that columns play. `pair` is the second text, `negative` or `negatives` what does not belong to the first. */
export type ColumnRole =
  | "text"
  | "pair"
  | "negative"
  | "negatives"
  | "tokens"
  | "question"
  | "context"
  | "answers"
  | "choices"
  | "label"
  | "labels"
  | "score"
  | "scores"
  | "tags";

/** The column of each role that the data has. */
export type ColumnRoles = { readonly [role in ColumnRole]?: string };

/** What a model reads of a row. */
export type DataInput = "text" | "pair" | "triplet" | "tokens" | "question" | "choices";

/** What it is to say. `none`: texts alone, or pairs that belong together. */
export type DataTarget = "label" | "labels" | "score" | "scores" | "tags" | "answers" | "none";

/** Two texts of a row, by the names that data sets give them. */
const PAIRS: readonly (readonly [text: string, pair: string])[] = [
  ["text1", "text2"],
  ["sentence1", "sentence2"],
  ["premise", "hypothesis"],
  ["question1", "question2"],
  ["anchor", "positive"],
  ["query", "positive"],
  ["text", "pair"],
];

const TEXTS = ["text", "sentence", "text1", "sentence1"];

/** Roles and the columns that play them, in a mapping too: `text1` names `text`, `text2` names `pair`. */
const ROLE_OF_NAME: { readonly [name: string]: ColumnRole } = {
  text: "text",
  text1: "text",
  text2: "pair",
  pair: "pair",
  negative: "negative",
  negatives: "negatives",
  tokens: "tokens",
  question: "question",
  context: "context",
  answers: "answers",
  choices: "choices",
  label: "label",
  labels: "labels",
  score: "score",
  scores: "scores",
  tags: "tags",
};

const INPUTS: readonly (readonly [input: DataInput, roles: readonly ColumnRole[]])[] = [
  ["question", ["question", "context"]],
  ["choices", ["text", "choices"]],
  ["tokens", ["tokens"]],
  ["triplet", ["text", "pair", "negative"]],
  ["triplet", ["text", "pair", "negatives"]],
  ["pair", ["text", "pair"]],
  ["text", ["text"]],
];

/**
 * The column of each role: those of `mapping`, else those that are called like a role (`text`; `text1` and `text2`,
 * `sentence1` and `sentence2`, `premise` and `hypothesis`; `tokens`; `question`, `context`, `answers`; `label`, `labels`,
 * `score`, `tags`).
 *
 * @param names the columns that are there
 * @param mapping columns by role, `{ text: "review" }`; with a text named, no other text is looked for
 * @throws InputError when a column is not there, a role is unknown, or nothing is there to read.
 */
export function findRoles(
  names: readonly string[],
  file: string,
  mapping: { readonly [role: string]: string } = {},
): ColumnRoles {
  const roles: { [role in ColumnRole]?: string } = {};
  for (const [name, column] of Object.entries(mapping)) {
    const role = Object.hasOwn(ROLE_OF_NAME, name) ? ROLE_OF_NAME[name] : undefined;
    if (role === undefined) {
      throw new InputError(`"${name}" is no role of a column; expected one of ${quoted(Object.keys(ROLE_OF_NAME))}.`);
    }
    if (!names.includes(column)) throw missingColumn(file, column, names);
    roles[role] = column;
  }
  const isMapped = roles.text !== undefined || roles.tokens !== undefined || roles.question !== undefined;
  if (!isMapped) addTexts(roles, names);
  const others: readonly ColumnRole[] = isMapped ? [] : ["negative", "negatives", "tokens", "question"];
  for (const role of [...others, "context", "answers", "choices"] as const) {
    if (roles[role] === undefined && names.includes(role)) roles[role] = role;
  }
  const hasTarget = ["label", "labels", "score", "scores", "tags"].some(
    (role) => roles[role as ColumnRole] !== undefined,
  );
  for (const role of ["tags", "label", "labels", "score", "scores"] as const) {
    if (!hasTarget && names.includes(role)) roles[role] = role;
  }
  const input = INPUTS.find(([, needed]) => needed.every((role) => roles[role] !== undefined));
  if (input === undefined) {
    throw new InputError(
      `${file} has the columns ${quoted(names)}; expected "text", "text1" and "text2", "tokens", or "question" and ` +
        `"context". Say which column is which, as in --columns text=${names[0] ?? "NAME"}.`,
    );
  }
  for (const [, needed] of INPUTS) for (const role of needed) if (!input[1].includes(role)) delete roles[role];
  return roles;
}

function addTexts(roles: { [role in ColumnRole]?: string }, names: readonly string[]): void {
  const pair = PAIRS.find((both) => both.every((name) => names.includes(name)));
  if (pair !== undefined && roles.pair === undefined) [roles.text, roles.pair] = pair;
  else {
    const text = TEXTS.find((name) => names.includes(name) && name !== roles.pair);
    if (text !== undefined) roles.text = text;
  }
}

/** The most particular of the inputs whose columns are all there. */
export function inputOf(roles: ColumnRoles): DataInput | undefined {
  return INPUTS.find(([, needed]) => needed.every((role) => roles[role] !== undefined))?.[0];
}

/** An error that names the columns that are there. */
export function missingColumn(file: string, column: string, names: readonly string[]): InputError {
  return new InputError(`${file} has no column "${column}"; it has ${quoted(names)}.`);
}

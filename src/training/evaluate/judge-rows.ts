/** Runs a model over the rows of a file, and judges what it says. */
import type { DataRow } from "../../datasets/data-row.ts";
import { InputError } from "../../errors.ts";
import type { Answerer } from "../../tasks/answerer.ts";
import type { Classifier } from "../../tasks/classifier.ts";
import type { Embedder } from "../../tasks/embedder.ts";
import type { MultipleChoice } from "../../tasks/multiple-choice.ts";
import type { OnProgress } from "../../tasks/progress.ts";
import type { Tagger } from "../../tasks/tagger.ts";
import type { TextInput } from "../../tasks/text-pair.ts";
import type { EvaluateOptions } from "./evaluate-options.ts";
import {
  type Judgement,
  judgeAnswers,
  judgeClasses,
  judgeLabelSets,
  judgementOf,
  judgeRelevance,
  judgeScores,
  judgeTags,
} from "./judge.ts";

/** What judging needs of a call's options. */
export type JudgeOptions = Pick<EvaluateOptions, "threshold" | "scheme" | "maxAnswerTokens" | "signal"> & {
  readonly onProgress?: OnProgress | undefined;
};

/** What a row's text and pair are to a model. */
export function textInput({ text = "", pair }: DataRow): TextInput {
  return pair === undefined ? text : { text, pair };
}

/** As the report shows a row. */
export function shownText({ text = "", pair }: DataRow): string {
  return pair === undefined ? text : `${text} | ${pair}`;
}

/**
 * The number of a label among a model's. Where the model's have no names, a label that is a number is one.
 *
 * @throws InputError when the model does not have it.
 */
export function labelIndex(labels: readonly string[], label: string, where: string): number {
  const index = labels.indexOf(label);
  if (index !== -1) return index;
  const unnamed = labels.indexOf(`LABEL_${label}`);
  if (unnamed !== -1) return unnamed;
  const known = labels.slice(0, 20).map((each) => `"${each}"`);
  const more = labels.length > 20 ? ", ..." : "";
  throw new InputError(`${where}: the label "${label}" is none of the model's, ${known.join(", ")}${more}.`);
}

/** Rows with `label`, `labels` or `score`. */
export async function judgeClassifier(
  classifier: Classifier,
  rows: readonly DataRow[],
  options: JudgeOptions,
): Promise<Judgement> {
  const { threshold, signal, onProgress } = options;
  const least = (k: number) => threshold ?? classifier.thresholds?.[k] ?? 0.5;
  const isNumber = classifier.activation === "none" || classifier.labels.length === 1;
  checkKind(classifier, rows, isNumber);
  const results = await classifier.classify(rows.map(textInput), { signal, onProgress });
  const scoresOf = (i: number) => classifier.labels.map((label) => results[i]!.scores[label]!);
  const [first] = rows;
  if (isNumber)
    return judgeNumbers(
      rows,
      rows.map((_, i) => scoresOf(i)[0]!),
    );
  if (first?.labels !== undefined) {
    const gold = rows.map(({ labels = [], where }) =>
      labels.map((label) => classifier.labels[labelIndex(classifier.labels, label, where)]!),
    );
    const predicted = rows.map((_, i) => classifier.labels.filter((_, k) => scoresOf(i)[k]! >= least(k)));
    return judgeLabelSets(gold, predicted);
  }
  return judgeClasses(
    classifier.labels,
    rows.map((row, i) => {
      const gold = labelIndex(classifier.labels, row.label!, row.where);
      return { text: shownText(row), gold, probabilities: normalized(scoresOf(i)) };
    }),
  );
}

/** One number a row, for scores, or for labels that are 0 and 1. */
function judgeNumbers(rows: readonly DataRow[], numbers: readonly number[]): Judgement {
  if (rows[0]?.score !== undefined) {
    return judgeScores(
      rows.map(({ score }) => score!),
      numbers,
      { sameScale: true },
    );
  }
  return judgeRelevance(
    rows.map(({ label, where }) => labelIndex(["0", "1"], label!, where) === 1),
    numbers,
  );
}

/** Sigmoids of several labels do not add up to 1. */
function normalized(scores: readonly number[]): number[] {
  const sum = scores.reduce((all, score) => all + score, 0);
  return sum > 0 ? scores.map((score) => score / sum) : scores.map(() => 1 / scores.length);
}

function checkKind(classifier: Classifier, [first]: readonly DataRow[], isNumber: boolean): void {
  const given = first?.score !== undefined ? "scores" : first?.labels !== undefined ? "lists of labels" : "labels";
  if (isNumber ? given === "lists of labels" : given === "scores") {
    const gives = isNumber ? "one number a text" : `one of ${classifier.labels.length} labels`;
    throw new InputError(
      `The data have ${given}, but "${classifier.name}" gives ${gives}. Choose another model or data.`,
    );
  }
}

/** Pairs with `score`: how likeness goes with it. */
export async function judgeSimilarity(
  embedder: Embedder,
  rows: readonly DataRow[],
  { signal, onProgress }: JudgeOptions,
): Promise<Judgement> {
  const texts = rows.flatMap(({ text = "", pair = "" }) => [text, pair]);
  const vectors = await embedder.embed(texts, { signal, onProgress });
  const alike = rows.map((_, i) => embedder.similarity(vectors[2 * i]!, vectors[2 * i + 1]!));
  if (rows[0]?.score === undefined) return judgeNumbers(rows, alike);
  return judgeScores(
    rows.map(({ score }) => score!),
    alike,
    { sameScale: false },
  );
}

/** Rows with `tokens` and `tags`: each word has the tag of its first token. */
export async function judgeTagger(
  tagger: Tagger,
  rows: readonly DataRow[],
  { scheme, signal, onProgress }: JudgeOptions,
): Promise<Judgement> {
  checkTags(rows, tagger.labels);
  const texts = rows.map(({ tokens = [] }) => ({ words: tokens }));
  const found = await tagger.tag(texts, { aggregation: "none", signal, onProgress });
  const predicted = rows.map(({ tokens = [] }, i) => {
    const labelAt = new Map(found[i]!.map(({ start, label }) => [start, label]));
    let at = 0;
    return tokens.map((token) => {
      const start = at;
      at += token.length + 1;
      return labelAt.get(start) ?? "O";
    });
  });
  return judgeTags(
    rows.map(({ tags = [] }) => tags),
    predicted,
    { scheme },
  );
}

/** Schemes may differ, as of a model with I-PER alone and data with B-PER; types may not. */
function checkTags(rows: readonly DataRow[], labels: readonly string[]): void {
  const typeOf = (tag: string) => tag.replace(/^[BIOESUL]-/, "");
  const known = new Set(labels.map(typeOf));
  for (const { tags = [], where } of rows) {
    const tag = tags.find((each) => !known.has(typeOf(each)));
    if (tag !== undefined) labelIndex(labels, tag, where);
  }
}

/** Rows with `question`, `context`, `answers`; a model may say that there is none where the data have such questions. */
export async function judgeAnswerer(
  answerer: Answerer,
  rows: readonly DataRow[],
  { maxAnswerTokens = 30, signal, onProgress }: JudgeOptions,
): Promise<Judgement> {
  const noAnswer = rows.some(({ answers = [] }) => answers.length === 0);
  const questions = rows.map(({ question = "", context = "" }) => ({ question, context }));
  const found = await answerer.answer(questions, { noAnswer, maxAnswerTokens, signal, onProgress });
  return judgeAnswers(
    rows.map(({ answers = [] }) => answers.map(({ text }) => text)),
    found.map(({ text }) => text),
  );
}

/** Rows with `text`, `choices` and `label`, the number of the right choice or its text. */
export async function judgeChooser(
  model: MultipleChoice,
  rows: readonly DataRow[],
  { signal, onProgress }: JudgeOptions,
): Promise<Judgement> {
  const questions = rows.map(({ text = "", choices = [] }) => ({ text, choices }));
  const ranked = await model.choose(questions, { signal, onProgress });
  return judgeChoices(
    rows,
    ranked.map((choices) => choices[0]!.index),
  );
}

/** The share of rows whose choice is right. */
export function judgeChoices(rows: readonly DataRow[], chosen: readonly number[]): Judgement {
  const right = rows.map((row, i) => Number(choiceIndex(row) === chosen[i]));
  return judgementOf(rows.length, "accuracy", (chosen) => {
    return { accuracy: Array.from(chosen).reduce((sum, i) => sum + right[i]!, 0) / chosen.length };
  });
}

/** The number of the right choice. @throws InputError when the label is neither one of the choices nor its number. */
export function choiceIndex({ choices = [], label = "", where }: DataRow): number {
  const index = choices.includes(label) ? choices.indexOf(label) : Number(label);
  if (label !== "" && Number.isInteger(index) && index >= 0 && index < choices.length) return index;
  throw new InputError(
    `${where}: label is "${label}"; expected one of the ${choices.length} choices or its number, from 0.`,
  );
}

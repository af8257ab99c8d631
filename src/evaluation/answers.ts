/** SQuAD's exact match and F1 of answers. Source: the official evaluation scripts of SQuAD 1.1 and 2.0. */
import { checkPaired } from "./paired.ts";

/** Of all answers together. */
export interface AnswerScores {
  /** The share of answers that equal a gold one after normalizing, from 0 to 1. */
  readonly exactMatch: number;
  /** Mean F1 of the words that an answer shares with the closest gold one, from 0 to 1. */
  readonly f1: number;
}

/**
 * Scores predicted answers, the mean over questions of the best score over the gold answers of each.
 *
 * @param gold the answers of each question; none for one that has no answer
 * @param predicted one answer a question; "" for none
 * @throws InputError when the lists differ in length or are empty.
 */
export function answerScores(gold: readonly (readonly string[])[], predicted: readonly string[]): AnswerScores {
  checkPaired(gold, predicted, "answers");
  let [exact, f1] = [0, 0];
  for (const [i, answers] of gold.entries()) {
    exact += bestOf(answers, predicted[i]!, exactMatch);
    f1 += bestOf(answers, predicted[i]!, answerF1);
  }
  return { exactMatch: exact / gold.length, f1: f1 / gold.length };
}

/** 1 when both are the same after normalizing, else 0. */
export function exactMatch(gold: string, predicted: string): number {
  return normalizeAnswer(gold) === normalizeAnswer(predicted) ? 1 : 0;
}

/** F1 of the bags of normalized words; of two answers one of which has no words, 1 when neither has. */
export function answerF1(gold: string, predicted: string): number {
  const [expected, got] = [gold, predicted].map((answer) => normalizeAnswer(answer).split(" ").filter(Boolean));
  if (expected!.length === 0 || got!.length === 0) return expected!.length === got!.length ? 1 : 0;
  const left = new Map<string, number>();
  for (const word of expected!) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of got!) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    shared++;
  }
  return (2 * shared) / (expected!.length + got!.length);
}

/** In small letters, without ASCII punctuation and English articles, with single spaces. */
export function normalizeAnswer(answer: string): string {
  return answer
    .toLowerCase()
    .replace(/[!-/:-@[-`{-~]/g, "")
    .replace(/(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** A question without gold answers wants an empty one; gold answers that are nothing but articles do not count. */
function bestOf(
  gold: readonly string[],
  predicted: string,
  score: (gold: string, predicted: string) => number,
): number {
  const answers = gold.filter((answer) => normalizeAnswer(answer) !== "");
  if (answers.length === 0) return score("", predicted);
  return Math.max(...answers.map((answer) => score(answer, predicted)));
}

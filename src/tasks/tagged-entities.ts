import { taggedEntities } from "../evaluation/entities.ts";
import { chooseTags, indexOfLargest, type TagRules } from "./choose-tags.ts";
import type { TokenScores } from "./token-scores.ts";

/** How tokens make entities, as the strategies of transformers' pipeline are called. */
export type Aggregation = "none" | "simple" | "first" | "average" | "max";

/** A stretch of a text that has a label. */
export interface EntityRange {
  readonly label: string;
  readonly start: number;
  readonly end: number;
  readonly score: number;
}

/** What a token or a word is scored as. */
interface Unit {
  readonly start: number;
  readonly end: number;
  readonly scores: readonly number[];
}

export interface EntityRules extends TagRules {
  readonly aggregation: Aggregation;
  /** The model's labels, whose meaning is `labels`. */
  readonly names: readonly string[];
}

/**
 * The entities of tokens that follow one another. A label of another type than the one before begins an entity, whatever
 * its prefix; an entity's score is the mean of its tokens' or words'.
 */
export function entitiesOf(tokens: readonly TokenScores[], rules: EntityRules): EntityRange[] {
  const { aggregation, names, labels } = rules;
  const units = aggregation === "none" || aggregation === "simple" ? tokens : scoreWords(tokens, aggregation);
  const rows = units.map(({ scores }) => scores);
  const chosen =
    rules.transitions === undefined || units !== tokens ? chooseTags(rows, rules) : tagWords(tokens, rules);
  const scores = chosen.map((label, i) => rows[i]![label]!);
  if (aggregation === "none") {
    return units.flatMap(({ start, end }, i) => {
      if (labels.tags[chosen[i]!]!.prefix === "O") return [];
      return [{ label: names[chosen[i]!]!, start, end, score: scores[i]! }];
    });
  }
  const tags = chosen.map((label) => {
    const { prefix, type } = labels.tags[label]!;
    return prefix === "O" ? "O" : `${prefix}-${type}`;
  });
  return taggedEntities(tags).map(({ type, start, end }) => {
    const score = scores.slice(start, end).reduce((sum, score) => sum + score, 0) / (end - start);
    return { label: type, start: units[start]!.start, end: units[end - 1]!.end, score };
  });
}

/** A conditional random field goes from word to word, by the first token of each; later ones have their likeliest label. */
function tagWords(tokens: readonly TokenScores[], rules: EntityRules): number[] {
  const chosen = tokens.map(({ scores }) => indexOfLargest(scores));
  const firsts = tokens.flatMap(({ word }, i) => (i > 0 && tokens[i - 1]!.word === word ? [] : [i]));
  const ofWords = chooseTags(
    firsts.map((i) => tokens[i]!.scores),
    rules,
  );
  firsts.forEach((i, word) => {
    chosen[i] = ofWords[word]!;
  });
  return chosen;
}

/** Tokens of one word become one. */
function scoreWords(tokens: readonly TokenScores[], aggregation: "first" | "average" | "max"): Unit[] {
  const words: TokenScores[][] = [];
  for (const token of tokens) {
    if (words.at(-1)?.[0]?.word === token.word) words.at(-1)?.push(token);
    else words.push([token]);
  }
  return words.map((parts) => ({
    start: Math.min(...parts.map(({ start }) => start)),
    end: Math.max(...parts.map(({ end }) => end)),
    scores: scoreWord(
      parts.map(({ scores }) => scores),
      aggregation,
    ),
  }));
}

/** "first": as the first token; "average": the mean of all; "max": as the token that is the surest. */
function scoreWord(rows: readonly (readonly number[])[], aggregation: "first" | "average" | "max"): readonly number[] {
  const [first] = rows as [readonly number[]];
  if (rows.length === 1 || aggregation === "first") return first;
  if (aggregation === "max") return rows[indexOfLargest(rows.map((row) => Math.max(...row)))]!;
  return first.map((_, label) => rows.reduce((sum, row) => sum + row[label]!, 0) / rows.length);
}

/**
 * The entities of windows that overlap, as transformers' pipeline unites them: of two that overlap the longer one stays,
 * of equally long ones that with the higher score.
 */
export function uniteEntities(windows: readonly (readonly EntityRange[])[]): EntityRange[] {
  const [first, ...others] = windows.flat().toSorted((a, b) => a.start - b.start);
  if (first === undefined) return [];
  const united = [first];
  for (const entity of others) {
    const last = united.at(-1)!;
    if (entity.start >= last.end) united.push(entity);
    else if (isBetter(entity, last)) united[united.length - 1] = entity;
  }
  return united;
}

function isBetter(a: EntityRange, b: EntityRange): boolean {
  const [longer, shorter] = [a.end - a.start, b.end - b.start];
  return longer > shorter || (longer === shorter && a.score > b.score);
}

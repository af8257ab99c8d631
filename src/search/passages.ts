import { splitParagraphs } from "./paragraphs.ts";
import { splitSentences } from "./sentences.ts";
import { type TextRange, trimRange } from "./text-range.ts";

/** A stretch of a file that is embedded, and found, as a whole. */
export interface Passage extends TextRange {
  /** Of its beginning, from 1. */
  readonly line: number;
}

/** What a model's tokenizer says about a stretch of text, special tokens not counted. */
export interface Measure {
  /** Tokens, at most as many as were asked for. */
  readonly tokens: number;
  /** Whether these are all. */
  readonly fits: boolean;
  /** Where the last of them ends, in UTF-16 units. */
  readonly end: number;
}

/** Counts the tokens of a text, and reads no further than `most` of them. */
export type MeasureText = (text: string, most: number) => Measure;

export interface PassageOptions {
  /** The most tokens of a passage. */
  readonly maxTokens: number;
  /** A paragraph of fewer tokens takes in the one after it: a line alone says too little to be found by. Default: 64. */
  readonly shortTokens?: number;
  /** The parts of the text that are read; no passage reaches over from one to the next. Default: all of it. */
  readonly ranges?: readonly TextRange[];
}

interface Piece extends TextRange {
  readonly tokens: number;
  readonly startsSection: boolean;
}

const SHORT_TOKENS = 64;

/** Characters of a token, of which nearly all are shorter: nothing longer is looked at to cut a stretch of so many. */
const TOKEN_CHARACTERS = 32;

/**
 * Cuts a text into passages of at most `maxTokens` tokens. A paragraph is a passage; a long one is split at sentences,
 * a sentence that is too long at its lines, and a line between tokens; short paragraphs join the next of their section.
 * Every character but white space between passages lies in exactly one of them.
 */
export function splitPassages(text: string, measure: MeasureText, options: PassageOptions): Passage[] {
  const { maxTokens, shortTokens = SHORT_TOKENS, ranges = [{ start: 0, end: text.length }] } = options;
  const pieces = ranges.flatMap((range) => {
    const paragraphs = splitParagraphs(text, range).flatMap((paragraph) => {
      // Sentences and lines of one paragraph belong together as long as they fit.
      const parts = join(
        cutToFit(text, paragraph, measure, maxTokens, [splitSentences, splitLines]),
        maxTokens,
        maxTokens,
      );
      return parts.map((part, i) => ({ ...part, startsSection: i === 0 && paragraph.hasHeading }));
    });
    return join(paragraphs, maxTokens, Math.min(shortTokens, maxTokens));
  });
  return withLines(text, pieces);
}

type Split = (text: string, range: TextRange) => TextRange[];

/** The range as one piece where it fits, else split by the first way, and its parts where they do not fit by the next. */
function cutToFit(
  text: string,
  { start, end }: TextRange,
  measure: MeasureText,
  maxTokens: number,
  ways: readonly Split[],
): Piece[] {
  const { tokens, fits } = measure(text.slice(start, end), maxTokens);
  if (fits) return [{ start, end, tokens, startsSection: false }];
  const [split, ...others] = ways;
  if (split === undefined) return splitAnywhere(text, { start, end }, measure, maxTokens);
  return split(text, { start, end }).flatMap((part) => cutToFit(text, part, measure, maxTokens, others));
}

function splitLines(text: string, { start, end }: TextRange): TextRange[] {
  const lines: TextRange[] = [];
  for (let at = start; at < end; ) {
    const feed = text.indexOf("\n", at);
    const stop = feed === -1 || feed > end ? end : feed;
    lines.push(trimRange(text, { start: at, end: stop }));
    at = stop + 1;
  }
  return lines.filter((line) => line.end > line.start);
}

function splitAnywhere(text: string, range: TextRange, measure: MeasureText, maxTokens: number): Piece[] {
  const pieces: Piece[] = [];
  let rest = trimRange(text, range);
  while (rest.end > rest.start) {
    const { start } = rest;
    const limit = Math.min(rest.end, start + maxTokens * TOKEN_CHARACTERS);
    const { tokens, fits, end } = measure(text.slice(start, limit), maxTokens);
    const cut = fits ? limit : start + Math.max(1, end);
    pieces.push({ start, end: cut, tokens, startsSection: false });
    rest = trimRange(text, { start: cut, end: rest.end });
  }
  return pieces;
}

/** Joins each piece of fewer than `below` tokens with the next one of its section, where both fit together. */
function join(pieces: readonly Piece[], maxTokens: number, below: number): Piece[] {
  const joined: Piece[] = [];
  for (const next of pieces) {
    const last = joined.at(-1);
    const tokens = (last?.tokens ?? 0) + next.tokens;
    if (last !== undefined && last.tokens < below && tokens <= maxTokens && !next.startsSection) {
      joined[joined.length - 1] = { ...last, end: next.end, tokens };
    } else {
      joined.push(next);
    }
  }
  return joined;
}

function withLines(text: string, pieces: readonly TextRange[]): Passage[] {
  let line = 1;
  let counted = 0;
  return pieces.map(({ start, end }) => {
    for (let feed = text.indexOf("\n", counted); feed !== -1 && feed < start; feed = text.indexOf("\n", counted)) {
      line++;
      counted = feed + 1;
    }
    return { start, end, line };
  });
}

import { RE2JS } from "re2js";
import { TokenizerError } from "../errors.ts";
import type { FindDelimiters } from "./pre-tokenizers/delimiter.ts";
import { translateRegex } from "./regex-translation.ts";
import { cl100kScanner, scanGpt2Word, scanO200kWord, type WordScanner } from "./word-scanners.ts";

/** How tokenizer files write a pattern: a literal text or a regular expression of Oniguruma. */
export type SplitPattern = { String: string } | { Regex: string };

/**
 * What becomes of patterns that cannot be matched in linear time, such as those with lookaround: "linear" refuses them,
 * "backtracking" hands them to JavaScript's own engine, which a hostile pattern can stall.
 */
export type PatternReading = "linear" | "backtracking";

export interface SplitPatternOptions {
  /** File and key of the pattern, as errors name it. Default "pattern". */
  origin?: string;
  /** Default "linear". */
  patterns?: PatternReading;
}

const CL100K_WORDS = [
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|",
  "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|",
];
const SPACES_TAIL = "\\s+(?!\\S)|\\s+";
const SYMBOLS_TAIL = `| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|${SPACES_TAIL}`;
const ANY_CASE = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
const UPPERS = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
const LOWERS = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";

/** The patterns of published tokenizers, each with its scanner. */
const KNOWN = new Map<string, WordScanner>([
  [`'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|${SPACES_TAIL}`, scanGpt2Word],
  [`'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|${SPACES_TAIL}`, scanGpt2Word],
  ...CL100K_WORDS.flatMap((words): [string, WordScanner][] => [
    [`${words}\\p{N}{1,3}${SYMBOLS_TAIL}`, cl100kScanner(3)],
    [`${words}\\p{N}${SYMBOLS_TAIL}`, cl100kScanner(1)],
    [`${words}\\p{N}+${SYMBOLS_TAIL}`, cl100kScanner(Number.POSITIVE_INFINITY)],
  ]),
  [
    `[^\\r\\n\\p{L}\\p{N}]?${UPPERS}*${LOWERS}+${ANY_CASE}|[^\\r\\n\\p{L}\\p{N}]?${UPPERS}+${LOWERS}*${ANY_CASE}|` +
      `\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|${SPACES_TAIL}`,
    scanO200kWord,
  ],
]);

/** Whether a pattern is one of those, which cut a text into words and never look across the space between two. */
export function isWordPattern(pattern: SplitPattern): boolean {
  return "Regex" in pattern && KNOWN.has(pattern.Regex);
}

/** Compiled patterns with more instructions would be slower than a tokenizer may be. */
const MAX_PROGRAM_SIZE = 500;
/** One search is linear, but a pattern can be written so that every search reads to the end of the text. */
const BUDGET_MS = 1000;
const BUDGET_MS_PER_UNIT = 0.01;

/**
 * Finds what a pattern matches, from left to right without overlap.
 *
 * @throws TokenizerError for a regular expression that is malformed, too large, or needs backtracking.
 */
export function patternFinder(pattern: SplitPattern, options: SplitPatternOptions = {}): FindDelimiters {
  if ("String" in pattern) return pattern.String === "" ? findCharacters : literalFinder(pattern.String);
  const { origin = "pattern", patterns = "linear" } = options;
  const scanner = KNOWN.get(pattern.Regex);
  if (scanner !== undefined) return scannerFinder(scanner);
  if (pattern.Regex === "") return findCharacters;
  return patterns === "backtracking" ? backtrackingFinder(pattern.Regex, origin) : linearFinder(pattern.Regex, origin);
}

export function scannerFinder(scan: WordScanner): FindDelimiters {
  return (piece, found) => {
    for (let start = 0; start < piece.length; ) {
      const end = scan(piece, start);
      found(start, end);
      start = end;
    }
  };
}

function literalFinder(literal: string): FindDelimiters {
  return (piece, found) => {
    for (let at = piece.indexOf(literal); at >= 0; at = piece.indexOf(literal, at + literal.length)) {
      found(at, at + literal.length);
    }
  };
}

/** The empty pattern matches before every character and at the end, so that every character stands alone. */
function findCharacters(piece: string, found: (start: number, end: number) => void): void {
  for (let at = 0; at < piece.length; at += piece.codePointAt(at)! > 0xffff ? 2 : 1) found(at, at);
  found(piece.length, piece.length);
}

/**
 * RE2 knows no lookaround, but the one that most patterns end with needs none: `\s+(?!\S)|\s+` is `\s+` that gives
 * back its last character when something follows.
 */
function linearFinder(source: string, origin: string): FindDelimiters {
  const hasTail = source === SPACES_TAIL || source.endsWith(`|${SPACES_TAIL}`);
  const head = hasTail ? `${source.slice(0, -SPACES_TAIL.length)}(\\s+)` : source;
  const regex = compile(translateRegex(head, origin), source, origin);
  return (piece, found) => {
    const matcher = regex.matcher(piece);
    const deadline = performance.now() + BUDGET_MS + BUDGET_MS_PER_UNIT * piece.length;
    let last = -1;
    for (let at = 0; at <= piece.length && matcher.find(at); ) {
      const start = matcher.start();
      let end = matcher.end();
      const isTail = hasTail && matcher.start(matcher.groupCount()) >= 0;
      if (isTail && end < piece.length && end - start > 1) end--;
      if (end > start || end !== last) found(start, end);
      last = end;
      at = end > start ? end : end + (piece.codePointAt(end)! > 0xffff ? 2 : 1);
      if (performance.now() > deadline) throw tooSlow(source, piece.length, origin);
    }
  };
}

function compile(translated: string, source: string, origin: string): RE2JS {
  let regex: RE2JS;
  try {
    regex = RE2JS.compile(translated, RE2JS.MULTILINE);
  } catch (cause) {
    throw unreadable(source, origin, cause);
  }
  if (regex.programSize() <= MAX_PROGRAM_SIZE) return regex;
  throw new TokenizerError(
    `${origin}: the pattern ${quoted(source)} compiles to ${regex.programSize()} instructions; at most ` +
      `${MAX_PROGRAM_SIZE} are allowed. Write it with smaller repetitions.`,
  );
}

function backtrackingFinder(source: string, origin: string): FindDelimiters {
  const translated = translateRegex(source, origin, { lookaround: true });
  let regex: RegExp;
  try {
    regex = new RegExp(translated.replaceAll("\\x{", "\\u{"), "gmu");
  } catch (cause) {
    throw unreadable(source, origin, cause);
  }
  return (piece, found) => {
    for (const match of piece.matchAll(regex)) found(match.index, match.index + match[0].length);
  };
}

function quoted(source: string): string {
  return JSON.stringify(source.slice(0, 200));
}

function unreadable(source: string, origin: string, cause: unknown): TokenizerError {
  const reason = cause instanceof Error ? cause.message.slice(-100) : String(cause);
  return new TokenizerError(`${origin}: the pattern ${quoted(source)} cannot be read: ${reason}.`, { cause });
}

function tooSlow(source: string, length: number, origin: string): TokenizerError {
  return new TokenizerError(
    `${origin}: the pattern ${quoted(source)} takes too long on a text of ${length} characters; it reads the same ` +
      "text again and again. Write it so that each match ends where it has read to.",
  );
}

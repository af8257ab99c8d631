import {
  IS_LETTER,
  IS_LOWERCASE,
  IS_MARK,
  IS_NUMBER,
  IS_SPACE,
  IS_UPPERCASE,
  patternClasses,
} from "./pattern-classes.ts";

/**
 * Scanners for the split patterns of byte-level tokenizers, by hand: no regular expression engine, no backtracking, the
 * same result whatever Unicode version the runtime knows. The patterns leave nothing unmatched, so a scanner is given
 * where a match begins and answers where it ends.
 */
export type WordScanner = (text: string, start: number) => number;

const WORD_OR_SPACE = IS_LETTER | IS_NUMBER | IS_SPACE;
const SPACE = 0x20;
const APOSTROPHE = 0x27;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SLASH = 0x2f;

/** GPT-2: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`. */
export function scanGpt2Word(text: string, start: number): number {
  if (text.charCodeAt(start) === APOSTROPHE) {
    const end = contractionEnd(text, start, CONTRACTIONS);
    if (end > start) return end;
  }
  const first = text.charCodeAt(start) === SPACE && start + 1 < text.length ? start + 1 : start;
  const kind = classAt(text, first) & WORD_OR_SPACE;
  if ((kind & IS_SPACE) === 0) return kindEnd(text, first, kind);
  return spacesEnd(text, start);
}

/**
 * cl100k and its like (Llama 3, Qwen 2), which take at most `digits` digits together:
 * `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`.
 */
export function cl100kScanner(digits: number): WordScanner {
  return (text, start) => {
    if (text.charCodeAt(start) === APOSTROPHE) {
      const end = contractionEnd(text, start, ANY_CASE_CONTRACTIONS);
      if (end > start) return end;
    }
    const letters = afterPrefix(text, start);
    if (letters < text.length && (classAt(text, letters) & IS_LETTER) !== 0) return kindEnd(text, letters, IS_LETTER);
    return numberOrSymbolsOrSpacesEnd(text, start, digits, false);
  };
}

/**
 * o200k: words end where case says so, and keep their contraction:
 * `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|...)?|` the same with `+` and `*`
 * exchanged, then `|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`.
 */
export function scanO200kWord(text: string, start: number): number {
  const prefixed = afterPrefix(text, start);
  let end = casedEnd(text, prefixed, true);
  if (end < 0) end = casedEnd(text, start, true);
  if (end < 0) end = casedEnd(text, prefixed, false);
  if (end < 0) return numberOrSymbolsOrSpacesEnd(text, start, 3, true);
  return text.charCodeAt(end) === APOSTROPHE ? contractionEnd(text, end, ANY_CASE_CONTRACTIONS) : end;
}

const CONTRACTIONS = [["s"], ["t"], ["r", "e"], ["v", "e"], ["m"], ["l", "l"], ["d"]];
/** The long s folds to s. */
const ANY_CASE_CONTRACTIONS = [["sSſ"], ["tT"], ["rR", "eE"], ["vV", "eE"], ["mM"], ["lL", "lL"], ["dD"]];

/** Where the contraction that begins with the apostrophe at `start` ends; `start` itself when there is none. */
function contractionEnd(text: string, start: number, contractions: string[][]): number {
  for (const letters of contractions) {
    const end = start + 1 + letters.length;
    if (end <= text.length && letters.every((spellings, i) => spellings.includes(text[start + 1 + i]!))) return end;
  }
  return start;
}

/** Past the one character that may stand before a word: any but a letter, a number or a line break. */
function afterPrefix(text: string, start: number): number {
  const code = text.codePointAt(start)!;
  if (code === LINE_FEED || code === CARRIAGE_RETURN) return start;
  return (patternClasses()[code]! & (IS_LETTER | IS_NUMBER)) === 0 ? start + width(code) : start;
}

/**
 * A run of upper-case-like characters, then one of lower-case-like ones (letters without case and marks are both), of
 * which the first may be empty, or when not `endsLower` the second. -1 when there is no such word.
 */
function casedEnd(text: string, start: number, endsLower: boolean): number {
  let at = start;
  let lastLower = -1;
  while (at < text.length) {
    const code = text.codePointAt(at)!;
    const kind = patternClasses()[code]!;
    if (!isUpperLike(kind)) break;
    at += width(code);
    if (isLowerLike(kind)) lastLower = at;
  }
  if (!endsLower) return at > start ? at : -1;
  const uppers = at;
  while (at < text.length) {
    const code = text.codePointAt(at)!;
    if (!isLowerLike(patternClasses()[code]!)) break;
    at += width(code);
  }
  return at > uppers ? at : lastLower;
}

function isUpperLike(kind: number): boolean {
  return (kind & IS_MARK) !== 0 || (kind & (IS_LETTER | IS_LOWERCASE)) === IS_LETTER;
}

function isLowerLike(kind: number): boolean {
  return (kind & IS_MARK) !== 0 || (kind & (IS_LETTER | IS_UPPERCASE)) === IS_LETTER;
}

/** `\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`, where slashes too may follow symbols. */
function numberOrSymbolsOrSpacesEnd(text: string, start: number, digits: number, slashes: boolean): number {
  const kind = classAt(text, start) & WORD_OR_SPACE;
  if (kind === IS_NUMBER) return kindEnd(text, start, IS_NUMBER, digits);
  const first = text.charCodeAt(start) === SPACE && start + 1 < text.length ? start + 1 : start;
  if ((classAt(text, first) & WORD_OR_SPACE) !== 0) return lineBreaksEnd(text, start);
  let end = kindEnd(text, first, 0);
  while (isLineBreak(text.charCodeAt(end)) || (slashes && text.charCodeAt(end) === SLASH)) end++;
  return end;
}

/** `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last line break of the run, if there is one. */
function lineBreaksEnd(text: string, start: number): number {
  const end = kindEnd(text, start, IS_SPACE);
  for (let at = end; at > start; at--) if (isLineBreak(text.charCodeAt(at - 1))) return at;
  return spacesEnd(text, start);
}

/** `\s+(?!\S)|\s+`: the last of several spaces is left to the word that follows. Spaces are one UTF-16 unit each. */
function spacesEnd(text: string, start: number): number {
  const end = kindEnd(text, start, IS_SPACE);
  return end === text.length || end - start === 1 ? end : end - 1;
}

/** The end of the run of at most `most` characters of a kind; kind 0 is neither letter, number nor space. */
function kindEnd(text: string, start: number, kind: number, most = Number.POSITIVE_INFINITY): number {
  const classes = patternClasses();
  let at = start;
  for (let count = 0; at < text.length && count < most; count++) {
    const code = text.codePointAt(at)!;
    if ((classes[code]! & WORD_OR_SPACE) !== kind) break;
    at += width(code);
  }
  return at;
}

function classAt(text: string, at: number): number {
  return patternClasses()[text.codePointAt(at)!]!;
}

function isLineBreak(unit: number): boolean {
  return unit === LINE_FEED || unit === CARRIAGE_RETURN;
}

function width(code: number): number {
  return code > 0xffff ? 2 : 1;
}

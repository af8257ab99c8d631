import { codePointTable } from "./code-point-table.ts";
import { CONTROL, EXTENDING, PREPENDING } from "./pattern-tables.ts";

const IS_EXTENDING = 1;
const IS_PREPENDING = 2;
const IS_CONTROL = 4;
const ZERO_WIDTH_JOINER = 0x200d;

let classes: Uint8Array | undefined;

/**
 * The end of the grapheme cluster (what a reader takes for one character) that begins at `start`.
 *
 * Rules: Unicode Standard Annex 29, but for GB9c, whose conjuncts nothing here depends on.
 */
export function clusterEnd(text: string, start: number): number {
  const first = text.codePointAt(start)!;
  let end = start + width(first);
  // Below U+0300 nothing joins what comes before, and below U+0600 nothing what comes after, but for a line break.
  if (first < 0x600 && !(text.charCodeAt(end) >= 0x300) && first !== 0x0d) return end;
  let last = first;
  let base = first;
  let flags = isFlag(first) ? 1 : 0;
  while (end < text.length) {
    const next = text.codePointAt(end)!;
    if (!joins(last, next, base, flags)) break;
    flags = isFlag(next) ? flags + 1 : 0;
    if ((classes![next]! & IS_EXTENDING) === 0) base = next;
    last = next;
    end += width(next);
  }
  return end;
}

/**
 * Whether no cluster ends between two characters.
 *
 * @param base - the last character up to `left` that does not extend another.
 * @param flags - how many regional indicators end with `left`.
 */
function joins(left: number, right: number, base: number, flags: number): boolean {
  classes ??= codePointTable([
    [EXTENDING, IS_EXTENDING],
    [PREPENDING, IS_PREPENDING],
    [CONTROL, IS_CONTROL],
  ]);
  if (left === 0x0d && right === 0x0a) return true;
  if (((classes[left]! | classes[right]!) & IS_CONTROL) !== 0) return false;
  if ((classes[right]! & IS_EXTENDING) !== 0 || (classes[left]! & IS_PREPENDING) !== 0) return true;
  if (left === ZERO_WIDTH_JOINER) return isPictograph(base) && isPictograph(right);
  return joinsSyllable(left, right) || (isFlag(right) && flags % 2 === 1);
}

/** Hangul: leading consonants, vowels, trailing consonants; a composed syllable goes on as its last part would. */
function joinsSyllable(left: number, right: number): boolean {
  if (left < 0x1100 || right < 0x1100) return false;
  if (isLeading(left)) return isLeading(right) || isVowel(right) || isSyllable(right);
  if (isVowel(left) || (isSyllable(left) && (left - 0xac00) % 28 === 0)) return isVowel(right) || isTrailing(right);
  return (isTrailing(left) || isSyllable(left)) && isTrailing(right);
}

function isLeading(code: number): boolean {
  return (code >= 0x1100 && code <= 0x115f) || (code >= 0xa960 && code <= 0xa97c);
}

function isVowel(code: number): boolean {
  return (code >= 0x1160 && code <= 0x11a7) || (code >= 0xd7b0 && code <= 0xd7c6);
}

function isTrailing(code: number): boolean {
  return (code >= 0x11a8 && code <= 0x11ff) || (code >= 0xd7cb && code <= 0xd7fb);
}

function isSyllable(code: number): boolean {
  return code >= 0xac00 && code <= 0xd7a3;
}

function isFlag(code: number): boolean {
  return code >= 0x1f1e6 && code <= 0x1f1ff;
}

function isPictograph(code: number): boolean {
  return /\p{Extended_Pictographic}/u.test(String.fromCodePoint(code));
}

function width(code: number): number {
  return code > 0xffff ? 2 : 1;
}

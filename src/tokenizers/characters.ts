import { codePointTable } from "./code-point-table.ts";
import {
  COMBINING_CLASSES,
  COMBINING_MARK,
  NONSPACING_MARK,
  NUMERIC,
  OTHER,
  PUNCTUATION,
  UNDECOMPOSED,
  WORD,
} from "./unicode-tables.ts";

/** What the reference tokenizers take a character for: bits of `characterClasses()[codePoint]`. */
export const Character = {
  /** Control, format, private use, NUL, U+FFFD; tab, line feed and carriage return are not. */
  other: 1,
  punctuation: 2,
  nonspacingMark: 4,
  combiningMark: 8,
  numeric: 16,
  /** What `\w` matches. */
  word: 32,
  whitespace: 64,
  /** Decomposes in newer versions of Unicode only. */
  undecomposed: 128,
} as const;

/** Property White_Space: it has not changed since Unicode 6.3. */
export const WHITESPACE = "9 5 i 1 2s 1 q 1 4bj 1 1vj b t 2 5 1 1b 1 334 1";

let classes: Uint8Array | undefined;
let combiningClasses: Uint8Array | undefined;

/** One byte of `Character` bits for each code point, 0 to 0x10FFFF. */
export function characterClasses(): Uint8Array {
  classes ??= codePointTable([
    [OTHER, Character.other],
    [PUNCTUATION, Character.punctuation],
    [NONSPACING_MARK, Character.nonspacingMark],
    [COMBINING_MARK, Character.combiningMark],
    [NUMERIC, Character.numeric],
    [WORD, Character.word],
    [WHITESPACE, Character.whitespace],
    [UNDECOMPOSED, Character.undecomposed],
  ]);
  return classes;
}

/** Canonical combining class (Unicode 9). */
export function combiningClass(codePoint: number): number {
  if (codePoint < 0x300) return 0;
  combiningClasses ??= codePointTable(COMBINING_CLASSES.map(([value, ranges]) => [ranges, value]));
  return combiningClasses[codePoint]!;
}

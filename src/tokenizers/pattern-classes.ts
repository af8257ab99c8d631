import { codePointTable } from "./code-point-table.ts";
import { LETTER, LOWERCASE, MARK, NUMBER, UPPERCASE } from "./pattern-tables.ts";

export const IS_LETTER = 1;
export const IS_NUMBER = 2;
export const IS_SPACE = 4;
export const IS_MARK = 8;
export const IS_UPPERCASE = 16;
export const IS_LOWERCASE = 32;

/** What `\s` matches in the reference's regular expressions: the property White_Space. */
const SPACE = "9 5 i 1 2s 1 q 1 4bj 1 1vj b t 2 5 1 1b 1 334 1";

let classes: Uint8Array | undefined;

/** The classes that split patterns speak of, a byte of flags a code point; unpacked when first asked for. */
export function patternClasses(): Uint8Array {
  classes ??= codePointTable([
    [LETTER, IS_LETTER],
    [NUMBER, IS_NUMBER],
    [SPACE, IS_SPACE],
    [MARK, IS_MARK],
    [UPPERCASE, IS_UPPERCASE],
    [LOWERCASE, IS_LOWERCASE],
  ]);
  return classes;
}

import { WHITESPACE } from "./characters.ts";
import { codePointTable } from "./code-point-table.ts";
import { LETTER, LOWERCASE, MARK, NUMBER, UPPERCASE } from "./pattern-tables.ts";

export const IS_LETTER = 1;
export const IS_NUMBER = 2;
/** Property White_Space, as `\s` has it. */
export const IS_SPACE = 4;
export const IS_MARK = 8;
export const IS_UPPERCASE = 16;
export const IS_LOWERCASE = 32;

let classes: Uint8Array | undefined;

/** The classes that split patterns speak of, a byte of flags a code point; unpacked when first asked for. */
export function patternClasses(): Uint8Array {
  classes ??= codePointTable([
    [LETTER, IS_LETTER],
    [NUMBER, IS_NUMBER],
    [WHITESPACE, IS_SPACE],
    [MARK, IS_MARK],
    [UPPERCASE, IS_UPPERCASE],
    [LOWERCASE, IS_LOWERCASE],
  ]);
  return classes;
}

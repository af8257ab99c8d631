import type { TextRewriter } from "./text-rewriter.ts";

/**
 * The byte-level alphabet: a printable character for each byte of UTF-8, so that any text can be written with 256
 * characters. Printable Latin-1 stands for itself, the other bytes follow from U+0100 on. Source: openai/gpt-2, encoder.py.
 */
const CHARACTER_OF_BYTE: string[] = [];
const BYTE_OF_CHARACTER = new Map<string, number>();

for (let byte = 0, next = 0x100; byte < 256; byte++) {
  const isPrintable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  const character = String.fromCharCode(isPrintable ? byte : next++);
  CHARACTER_OF_BYTE.push(character);
  BYTE_OF_CHARACTER.set(character, byte);
}

/** The byte that a character of the alphabet stands for; undefined for any other character. */
export function byteOfCharacter(character: string): number | undefined {
  return BYTE_OF_CHARACTER.get(character);
}

/** Writes units [start, end) of a text in the byte-level alphabet, every byte aligned with its whole character. */
export function writeByteLevel(rewriter: TextRewriter, text: string, start: number, end: number): void {
  let kept = start;
  for (let at = start; at < end; ) {
    const code = text.codePointAt(at)!;
    const next = at + (code > 0xffff ? 2 : 1);
    if (code <= 0x20 || code >= 0x7f) {
      rewriter.copy(kept, at);
      rewriter.put(byteCharacters(code), at);
      kept = next;
    }
    at = next;
  }
  rewriter.copy(kept, end);
}

/** The bytes of one code point in UTF-8, in the byte-level alphabet. */
function byteCharacters(code: number): string {
  if (code < 0x80) return CHARACTER_OF_BYTE[code]!;
  const tail = (shift: number) => CHARACTER_OF_BYTE[0x80 | ((code >> shift) & 0x3f)]!;
  if (code < 0x800) return CHARACTER_OF_BYTE[0xc0 | (code >> 6)]! + tail(0);
  if (code < 0x10000) return CHARACTER_OF_BYTE[0xe0 | (code >> 12)]! + tail(6) + tail(0);
  return CHARACTER_OF_BYTE[0xf0 | (code >> 18)]! + tail(12) + tail(6) + tail(0);
}

/** The code points of the alphabet, ascending. */
export function byteLevelAlphabet(): number[] {
  return CHARACTER_OF_BYTE.map((character) => character.codePointAt(0)!).sort((a, b) => a - b);
}

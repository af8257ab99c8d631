import { codePointIn } from "./alphabet.ts";
import { grown } from "./growing-arrays.ts";
import type { StringCounts } from "./string-counts.ts";

/** Longer words are read in parts: what keeps the products of probabilities within the range of a double. UTF-16 units. */
export const LONGEST_TEXT = 48;

/** Short texts with weights, one after another. */
export class ShortTexts {
  units = new Uint16Array(2 ** 12);
  /** Where each text begins; one more than there are texts. */
  starts = new Int32Array(2 ** 10);
  weights = new Float64Array(2 ** 10);
  size = 0;

  /** Appends units [start, end). */
  push(units: Uint16Array, start: number, end: number, weight: number): void {
    if (end <= start) return;
    const at = this.starts[this.size]!;
    this.units = grown(this.units, at + end - start);
    this.starts = grown(this.starts, this.size + 2);
    this.weights = grown(this.weights, this.size + 1);
    for (let i = start; i < end; i++) this.units[at + i - start] = units[i]!;
    this.weights[this.size++] = weight;
    this.starts[this.size] = at + end - start;
  }

  get length(): number {
    return this.starts[this.size]!;
  }
}

/** Words cut where a character is not in the alphabet, and after every `LONGEST_TEXT` units at most. */
export function cutWords(words: StringCounts, alphabet: readonly number[]): ShortTexts {
  const isKnown = new Uint8Array(0x110000);
  for (const code of alphabet) isKnown[code] = 1;
  const texts = new ShortTexts();
  const { units, starts, counts } = words;
  for (let word = 0; word < words.size; word++) {
    const end = starts[word + 1]!;
    let from = starts[word]!;
    for (let at = from; at < end; ) {
      const code = codePointIn(units, at, end);
      const next = at + (code > 0xffff ? 2 : 1);
      if (isKnown[code] === 0 || next - from > LONGEST_TEXT) {
        texts.push(units, from, at, counts[word]!);
        from = isKnown[code] === 0 ? next : at;
      }
      at = next;
    }
    texts.push(units, from, end, counts[word]!);
  }
  return texts;
}

import type { StringCounts } from "./string-counts.ts";

/** Characters that are kept whatever they add up to. */
const USUAL_SIZE = 1000;
/** Of all characters of the corpus: SentencePiece's default for languages with large alphabets. */
const COVERAGE = 0.9995;

/**
 * The code points that words are written with, ascending. Of equal counts the lower code point comes first.
 *
 * @param limit - keep this many, the most frequent. Default: 1,000, and as many more as it takes to cover 99.95 % of the
 *   text, which is what Chinese needs.
 */
export function chooseAlphabet(words: StringCounts, limit: number | undefined): number[] {
  const counts = countCharacters(words);
  const codes: number[] = [];
  let sum = 0;
  for (let code = 0; code < counts.length; code++) {
    if (counts[code] === 0) continue;
    codes.push(code);
    sum += counts[code]!;
  }
  codes.sort((a, b) => counts[b]! - counts[a]! || a - b);
  let size = Math.min(codes.length, limit ?? USUAL_SIZE);
  if (limit === undefined) {
    let covered = codes.slice(0, size).reduce((total, code) => total + counts[code]!, 0);
    while (size < codes.length && covered < COVERAGE * sum) covered += counts[codes[size++]!]!;
  }
  return codes.slice(0, size).sort((a, b) => a - b);
}

/** By code point, how often it comes. */
function countCharacters(words: StringCounts): Float64Array {
  const counts = new Float64Array(0x110000);
  const { units, starts } = words;
  for (let word = 0; word < words.size; word++) {
    const end = starts[word + 1]!;
    for (let at = starts[word]!; at < end; ) {
      const code = codePointIn(units, at, end);
      counts[code]! += words.counts[word]!;
      at += code > 0xffff ? 2 : 1;
    }
  }
  return counts;
}

/** The code point at `at` of UTF-16 units that end before `end`. */
export function codePointIn(units: Uint16Array, at: number, end: number): number {
  const unit = units[at]!;
  if ((unit & 0xfc00) !== 0xd800 || at + 1 >= end || (units[at + 1]! & 0xfc00) !== 0xdc00) return unit;
  return 0x10000 + ((unit & 0x3ff) << 10) + (units[at + 1]! & 0x3ff);
}

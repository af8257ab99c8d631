/**
 * Writes `src/tokenizers/unicode-tables.ts`: what the reference tokenizers (npm `tokenizers`, built on Unicode tables of
 * several ages) take each code point for, found by asking them. `String.normalize` and `\p{...}` follow the Unicode
 * version of whatever runs the code, so they cannot be exact and the same everywhere.
 *
 *     npx tsx scripts/make-unicode-tables.ts
 */
import { writeFileSync } from "node:fs";
import * as reference from "tokenizers";

const LAST = 0x10ffff;

/** One mark of each combining class other than 0, in ascending class order (Unicode 9). */
const MARK_OF_CLASS: [number, number][] = [
  ...[0x334, 0x93c, 0x3099, 0x94d].map((mark, i): [number, number] => [[1, 7, 8, 9][i]!, mark]),
  ...Array.from({ length: 10 }, (_, i): [number, number] => [10 + i, 0x5b0 + i]),
  ...[0x5bb, 0x5bc, 0x5bd, 0x5bf, 0x5c1, 0x5c2, 0xfb1e].map((mark, i): [number, number] => [20 + i, mark]),
  ...Array.from({ length: 8 }, (_, i): [number, number] => [27 + i, 0x64b + i]),
  ...[
    [35, 0x670], [36, 0x711], [84, 0xc55], [91, 0xc56], [103, 0xe38], [107, 0xe48], [118, 0xeb8], [122, 0xec8],
    [129, 0xf71], [130, 0xf72], [132, 0xf74], [202, 0x321], [214, 0x1dce], [216, 0x31b], [218, 0x302a], [220, 0x316],
    [222, 0x59a], [224, 0x302e], [226, 0x1d16d], [228, 0x302b], [230, 0x300], [232, 0x315], [233, 0x35c],
    [234, 0x35d], [240, 0x345],
  ].map(([order, mark]): [number, number] => [order!, mark!]),
]; // biome-ignore format: a table

const nfd = reference.nfdNormalizer();
const nfkd = reference.nfkdNormalizer();
const clean = reference.bertNormalizer({
  cleanText: true,
  handleChineseChars: false,
  stripAccents: false,
  lowercase: false,
});
const stripNonspacing = reference.bertNormalizer({
  cleanText: false,
  handleChineseChars: false,
  stripAccents: true,
  lowercase: false,
});
const stripMarks = reference.stripAccentsNormalizer();
const punctuation = reference.punctuationPreTokenizer();
const digits = reference.digitsPreTokenizer(true);
const words = reference.whitespacePreTokenizer();

const isolated = (by: { preTokenizeString(text: string): unknown[] }, character: string) =>
  by.preTokenizeString(`a${character}b`).length === 3;

const CLASSES: Record<string, [note: string, belongs: (character: string) => boolean]> = {
  OTHER: [
    "Control, format and private-use characters, NUL and U+FFFD: what BERT's cleaning removes.",
    (c) => clean.normalizeString(`a${c}b`) === "ab",
  ],
  PUNCTUATION: ["Punctuation, with every ASCII symbol.", (c) => isolated(punctuation, c)],
  NONSPACING_MARK: ["Category Mn.", (c) => stripNonspacing.normalizeString(c) === ""],
  COMBINING_MARK: ["Categories Mn, Mc and Me.", (c) => stripMarks.normalizeString(`a${c}b`) === "ab"],
  NUMERIC: ["Categories Nd, Nl and No.", (c) => isolated(digits, c)],
  WORD: ["What \\w matches.", (c) => words.preTokenizeString(`a${c}b`).length === 1],
  UNDECOMPOSED: [
    "Characters that newer versions of Unicode decompose and the reference does not.",
    (c) => nfkd.normalizeString(c) === c && c.normalize("NFKD") !== c,
  ],
};

/** The canonical combining class, from how the reference orders the character among marks of known classes. */
function combiningClass(character: string): number {
  if (nfd.normalizeString(character) !== character) return 0;
  const swaps = (first: string, second: string) =>
    first !== second && nfd.normalizeString(`a${first}${second}`) === `a${second}${first}`;
  if (!swaps("\u0345", character) && character !== "\u0345") return 0;
  const same = MARK_OF_CLASS.find(([, code]) => {
    const mark = String.fromCodePoint(code);
    return !swaps(character, mark) && !swaps(mark, character);
  });
  if (same === undefined)
    throw new Error(`no mark of the class of U+${character.codePointAt(0)!.toString(16)} is listed`);
  return same[0];
}

/** Ranges as pairs of base-36 numbers: characters skipped since the last range, and length. */
function packRanges(classOf: (character: string) => number): Map<number, string> {
  const ranges = new Map<number, string[]>();
  const ends = new Map<number, number>();
  let start = 0;
  let current = 0;
  for (let code = 0; code <= LAST + 1; code++) {
    const surrogate = code >= 0xd800 && code <= 0xdfff;
    const value = surrogate || code > LAST ? 0 : classOf(String.fromCodePoint(code));
    if (value === current) continue;
    if (current !== 0) {
      const packed = ranges.get(current) ?? [];
      packed.push((start - (ends.get(current) ?? 0)).toString(36), (code - start).toString(36));
      ranges.set(current, packed);
      ends.set(current, code);
    }
    [start, current] = [code, value];
  }
  return new Map([...ranges].map(([value, packed]) => [value, packed.join(" ")]));
}

const lines = [
  "// Written by scripts/make-unicode-tables.ts from the reference tokenizers' behaviour; do not edit.",
  "// Ranges as pairs of base-36 numbers: code points skipped since the last range, and length.",
];
for (const [name, [note, belongs]] of Object.entries(CLASSES)) {
  const packed = packRanges((character) => (belongs(character) ? 1 : 0)).get(1)!;
  lines.push("", `/** ${note} */`, `export const ${name} =`, `  ${JSON.stringify(packed)};`);
}
const classes = [...packRanges(combiningClass)].sort(([a], [b]) => a - b);
lines.push("", "/** Canonical combining classes other than 0, with their characters (Unicode 9). */");
lines.push("export const COMBINING_CLASSES: [number, string][] = [");
for (const [value, packed] of classes) lines.push(`  [${value}, ${JSON.stringify(packed)}],`);
lines.push("];", "");
writeFileSync(new URL("../src/tokenizers/unicode-tables.ts", import.meta.url), lines.join("\n"));

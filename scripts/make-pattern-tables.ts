/**
 * Writes `src/tokenizers/pattern-tables.ts`: which code points the reference tokenizers' regular expressions take for letters,
 * numbers and so on, and where their grapheme clusters end, found by asking them (npm `tokenizers`). `\p{...}` and
 * `Intl.Segmenter` follow the Unicode version of whatever runs the code, so they cannot be exact and the same everywhere.
 *
 *     npx tsx scripts/make-pattern-tables.ts
 */
import { writeFileSync } from "node:fs";
import * as reference from "tokenizers";

const LAST = 0x10ffff;
const CHUNK = 4096;
const ACUTE = 0x301;

const isSurrogate = (code: number) => code >= 0xd800 && code <= 0xdfff;

/** Every code point that a pattern of one character matches. */
async function matching(pattern: string): Promise<Set<number>> {
  const matches = reference.Tokenizer.fromString(
    JSON.stringify({
      version: "1.0",
      added_tokens: [],
      pre_tokenizer: { type: "Split", pattern: { Regex: pattern }, behavior: "Removed", invert: true },
      model: { type: "WordLevel", vocab: { "?": 0 }, unk_token: "?" },
    }),
  );
  const found = new Set<number>();
  for (let first = 0; first <= LAST; first += CHUNK) {
    const codes = Array.from({ length: CHUNK }, (_, i) => first + i).filter((code) => !isSurrogate(code));
    const encoding = await matches.encode(codes.map((code) => String.fromCodePoint(code)).join(""));
    for (const [start, end] of encoding.getOffsets()) for (const code of codes.slice(start, end)) found.add(code);
  }
  return found;
}

/**
 * A precompiled charsmap (the double array of SentencePiece) that replaces each of `codes` by nothing. Every prefix of
 * a UTF-8 key gets a block of 256 units, all keys end at the same value.
 */
function dropping(codes: Iterable<number>): reference.Normalizer {
  const blocks = new Map<string, number>([["", 1]]);
  const units: number[] = [(1 << 8) << 10];
  const ends = 2 * 256;
  units[ends] = 0x80000000;
  for (const code of codes) {
    const bytes = [...Buffer.from(String.fromCodePoint(code))];
    bytes.forEach((byte, i) => {
      const key = bytes.slice(0, i).join();
      const at = blocks.get(key)! * 256 + byte;
      const isLast = i === bytes.length - 1;
      const next = bytes.slice(0, i + 1).join();
      if (!isLast && !blocks.has(next)) blocks.set(next, blocks.size + 2);
      const target = isLast ? ends : blocks.get(next)! * 256;
      units[at] = (((at ^ target) << 10) | (isLast ? 1 << 8 : 0) | byte) >>> 0;
    });
  }
  const size = (blocks.size + 3) * 256;
  const map = Buffer.alloc(4 + size * 4 + 1);
  map.writeUInt32LE(size * 4, 0);
  units.forEach((unit, at) => void map.writeUInt32LE(unit, 4 + at * 4));
  return reference.precompiled([...map]);
}

/** Code points by the first byte of four, and the rest: what one double array can hold. */
function groups(): number[][] {
  const found: number[][] = [[], [], [], [], [], []];
  for (let code = 0; code <= LAST; code++) {
    if (isSurrogate(code) || code === 0 || code === 0x61 || code === ACUTE) continue;
    found[code < 0x10000 ? 0 : 1 + (code >> 18)]!.push(code);
  }
  return found;
}

/**
 * A cluster of less than six bytes is replaced as a whole by what its first character maps to, so dropping the first
 * character shows what clings to it.
 */
function clusterClasses(): Record<"extending" | "prepending" | "control", Set<number>> {
  const classes = { extending: new Set<number>(), prepending: new Set<number>(), control: new Set<number>() };
  const dropA = dropping([0x61]);
  for (const codes of groups()) {
    const dropThese = dropping(codes);
    for (const code of codes) {
      const character = String.fromCodePoint(code);
      if (dropA.normalizeString(`a${character}z`) === "z") classes.extending.add(code);
      if (dropThese.normalizeString(`${character}a`) === "") classes.prepending.add(code);
      if (code < 0x10000 && dropThese.normalizeString(`${character}\u0301`) !== "") classes.control.add(code);
    }
  }
  classes.control.add(0);
  classes.extending.add(ACUTE);
  return classes;
}

/** Ranges as pairs of base-36 numbers: code points skipped since the last range, and length. */
function packRanges(codes: Set<number>): string {
  const packed: string[] = [];
  let end = 0;
  for (let code = 0; code <= LAST; code++) {
    if (!codes.has(code)) continue;
    const start = code;
    while (codes.has(code + 1)) code++;
    packed.push((start - end).toString(36), (code + 1 - start).toString(36));
    end = code + 1;
  }
  return packed.join(" ");
}

const clusters = clusterClasses();
const tables: [name: string, note: string, codes: Set<number>][] = [
  ["LETTER", "\\p{L}", await matching("\\p{L}")],
  ["NUMBER", "\\p{N}", await matching("\\p{N}")],
  ["MARK", "\\p{M}", await matching("\\p{M}")],
  ["UPPERCASE", "\\p{Lu} and \\p{Lt}", await matching("\\p{Lu}|\\p{Lt}")],
  ["LOWERCASE", "\\p{Ll}", await matching("\\p{Ll}")],
  ["EXTENDING", "What stays with the character before it in a grapheme cluster.", clusters.extending],
  ["PREPENDING", "What stays with the character after it in a grapheme cluster.", clusters.prepending],
  ["CONTROL", "What is a grapheme cluster of its own; of three bytes of UTF-8 at most.", clusters.control],
];
const lines = [
  "// Written by scripts/make-pattern-tables.ts from the reference tokenizers' behaviour; do not edit.",
  "// Ranges as pairs of base-36 numbers: code points skipped since the last range, and length.",
];
for (const [name, note, codes] of tables) {
  lines.push("", `/** ${note} */`, `export const ${name} =`, `  ${JSON.stringify(packRanges(codes))};`);
}
lines.push("");
writeFileSync(new URL("../src/tokenizers/pattern-tables.ts", import.meta.url), lines.join("\n"));

/**
 * Writes `src/tokenizers/script-table.ts`: which characters the reference's pre-tokenizer `UnicodeScripts` takes to be of
 * one script, found by asking it where it cuts.
 *
 *     npx tsx scripts/make-script-table.ts
 */
import { writeFileSync } from "node:fs";
import * as reference from "tokenizers";

const tokenizer = reference.Tokenizer.fromString(
  JSON.stringify({
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: "UnicodeScripts" },
    post_processor: null,
    decoder: null,
    model: { type: "WordLevel", vocab: { "<unk>": 0 }, unk_token: "<unk>" },
  }),
);

/** For each pair of characters, whether they stay together when a text begins with them. */
async function together(pairs: [number, number][]): Promise<boolean[]> {
  const encodings = await tokenizer.encodeBatch(pairs.map(([a, b]) => String.fromCodePoint(a, b)));
  return encodings.map((encoding) => encoding.getLength() < 2);
}

const codes = Array.from({ length: 0x110000 }, (_, code) => code).filter((code) => code < 0xd800 || code > 0xdfff);
const isFree: boolean[] = []; // takes the script of whatever stands before it
const isLikeLast: boolean[] = [];
for (let i = 0; i < codes.length; i += 10_000) {
  const batch = codes.slice(i, i + 10_000);
  const withLatin = await together(batch.map((code) => [0x61, code]));
  const withGreek = await together(batch.map((code) => [0x3b1, code]));
  isFree.push(...withLatin.map((is, j) => is && withGreek[j]!));
  isLikeLast.push(...(await together(batch.map((code, j) => [codes[Math.max(0, i + j - 1)]!, code]))));
}

const scripts: number[] = []; // by index in `codes`; 0: free
const representatives: number[] = [];
for (let i = 0; i < codes.length; i++) {
  if (isFree[i]) scripts.push(0);
  else if (i > 0 && scripts[i - 1] !== 0 && isLikeLast[i]) scripts.push(scripts[i - 1]!);
  else {
    const same = await together(representatives.map((code) => [code, codes[i]!]));
    const found = same.indexOf(true);
    if (found < 0) representatives.push(codes[i]!);
    scripts.push(found < 0 ? representatives.length : found + 1);
  }
}

/** Ranges as pairs of base-36 numbers: characters skipped since the last range, and length. */
const ranges = representatives.map((): string[] => []);
const ends = representatives.map(() => 0);
for (let i = 0; i < codes.length; ) {
  let end = i + 1;
  while (end < codes.length && scripts[end] === scripts[i] && codes[end] === codes[end - 1]! + 1) end++;
  const script = scripts[i]! - 1;
  if (script >= 0) {
    ranges[script]!.push((codes[i]! - ends[script]!).toString(36), (end - i).toString(36));
    ends[script] = codes[end - 1]! + 1;
  }
  i = end;
}

writeFileSync(
  new URL("../src/tokenizers/script-table.ts", import.meta.url),
  [
    "// Written by scripts/make-script-table.ts from the reference tokenizers' behaviour; do not edit.",
    "// Ranges as pairs of base-36 numbers: code points skipped since the last range, and length.",
    "",
    "/** The characters of each script. Those of none go with the script before them. */",
    "export const SCRIPTS = [",
    ...ranges.map((packed) => `  ${JSON.stringify(packed.join(" "))},`),
    "];",
    "",
  ].join("\n"),
);

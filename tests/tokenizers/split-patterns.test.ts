import fc from "fast-check";
import { expect, it } from "vitest";
import { assembleTokenizer } from "../../src/tokenizers/assemble-tokenizer.ts";
import { Fields } from "../../src/tokenizers/fields.ts";
import { Tokenizer } from "../../src/tokenizers/tokenizer.ts";
import { readTokenizerConfig } from "../../src/tokenizers/tokenizer-config.ts";
import { memoryFiles } from "./memory-files.ts";
import { anyText } from "./random-texts.ts";
import { comparable, referenceEncodings } from "./reference.ts";

const CONTRACTIONS = "'s|'t|'re|'ve|'m|'ll|'d";
const SPACES = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const UPPERS = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
const LOWERS = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";

/** The first four have scanners of their own, all but the last of these in published tokenizers. */
const PATTERNS = [
  `${CONTRACTIONS}| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+`,
  `(?i:${CONTRACTIONS})|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${SPACES}`,
  `(?i:${CONTRACTIONS})|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${SPACES}`,
  `[^\\r\\n\\p{L}\\p{N}]?${UPPERS}*${LOWERS}+(?i:${CONTRACTIONS})?|[^\\r\\n\\p{L}\\p{N}]?${UPPERS}+${LOWERS}*` +
    `(?i:${CONTRACTIONS})?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${SPACES}`,
  `(?i:${CONTRACTIONS})|\\p{L}\\p{M}*|\\p{N}{1,2}|[^\\s\\p{L}\\p{N}]|${SPACES}`,
  "\\s+",
  "\\s{2,}|[\\n\\r\\t]",
  "[0-9][0-9][0-9]",
  "\\w+|[^\\w\\s]+",
  "[^\\S\\n]+|\\d",
  ".",
];

/** The words of `anyText`, with more of what these patterns look at. */
const texts = fc.sample(
  fc
    .array(
      fc.oneof(
        anyText,
        fc.constantFrom("'s", "'S", "'ſ", "'re", "'LL", "ª", "ǅ", "ABc", "½", "２", "/", "\r\n", " \n"),
      ),
      {
        maxLength: 6,
      },
    )
    .map((parts) => parts.join("")),
  { numRuns: 600, seed: 1 },
);

it.each(PATTERNS)("%s cuts as the reference does", async (pattern) => {
  for (const [behavior, invert] of [
    ["Isolated", false],
    ["MergedWithNext", true],
  ] as const) {
    // biome-ignore format: pairs
    const description = {
      version: "1.0",
      added_tokens: [],
      pre_tokenizer: { type: "Split", pattern: { Regex: pattern }, behavior, invert },
      model: { type: "WordLevel", vocab: { "?": 0 }, unk_token: "?" },
    };
    const config = await readTokenizerConfig({ name: "memory", read: () => undefined });
    const tokenizer = new Tokenizer(assembleTokenizer(new Fields(description, "tokenizer.json"), config));
    const expected = referenceEncodings(
      description,
      texts.map((text) => ({ text })),
    );
    for (const [i, text] of texts.entries()) {
      const got = comparable(tokenizer.encode(text, { offsets: "codepoints" }));
      expect(got.offsets, JSON.stringify(text)).toEqual(expected[i]!.offsets);
    }
  }
});

it("with lookaround are matched only for those who ask for it", async () => {
  const description = {
    version: "1.0",
    pre_tokenizer: { type: "Split", pattern: { Regex: "(?<=a)b" }, behavior: "Isolated", invert: false },
    model: { type: "WordLevel", vocab: { "?": 0 }, unk_token: "?" },
  };
  const files = memoryFiles({ "tokenizer.json": JSON.stringify(description) });
  await expect(Tokenizer.load(files)).rejects.toThrow(
    'tokenizer.json: pre_tokenizer.pattern: the pattern "(?<=a)b" has lookaround',
  );
  const tokenizer = await Tokenizer.load(files, { patterns: "backtracking" });
  expect(tokenizer.encode("babb").offsets).toEqual([[0, 2], [2, 3], [3, 4]]); // biome-ignore format: pairs
});

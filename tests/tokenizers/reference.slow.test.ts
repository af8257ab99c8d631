import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeTokenizer } from "../../src/tokenizers/read-tokenizer.ts";
import { Tokenizer } from "../../src/tokenizers/tokenizer.ts";
import { readTokenizerConfig } from "../../src/tokenizers/tokenizer-config.ts";
import { folderFiles } from "../../src/tokenizers/tokenizer-files.ts";
import { describeShared } from "../support/shared.ts";
import { anyText } from "./random-texts.ts";
import { comparable, referenceEncodings } from "./reference.ts";

/** Texts in all, and how many are drawn at a time. */
const TEXTS = Number(process.env.CLOZE_FUZZ_TEXTS ?? 100_000);
const BATCH = 10_000;
/** Of the first batch; another one draws other texts. */
const SEED = Number(process.env.CLOZE_FUZZ_SEED ?? 0);

/** The kinds of tokenizers: WordPiece lower-cased and cased, byte-level BPE, Unigram with and without a charsmap. */
const NAMES = [
  "bert-base-uncased",
  "bert-base-multilingual-cased",
  "roberta-base",
  "t5-small",
  "albert-base-v2",
  "deberta-v3",
];

describe.each(NAMES)("%s and the reference", (name) => {
  describeShared("agree", `tokenizers/${name}`, (folder) => {
    it(`on ${TEXTS} texts from all over Unicode`, async () => {
      const tokenizer = await Tokenizer.load(folder);
      const description = await describeTokenizer(folderFiles(folder), await readTokenizerConfig(folderFiles(folder)));
      for (let seed = 0; seed < TEXTS / BATCH; seed++) {
        const texts = fc.sample(anyText, { numRuns: BATCH, seed: SEED + seed });
        const expected = referenceEncodings(
          description,
          texts.map((text) => ({ text })),
        );
        texts.forEach((text, i) => {
          const got = comparable(tokenizer.encode(text, { offsets: "codepoints" }));
          // Most are equal, and this finds it sooner.
          if (JSON.stringify(got) !== JSON.stringify(expected[i]))
            expect(got, JSON.stringify(text)).toEqual(expected[i]);
        });
      }
    });
  });
});

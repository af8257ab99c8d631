import { describe, expect, it } from "vitest";
import { Tokenizer } from "../../src/tokenizers/tokenizer.ts";
import { describeShared } from "../support/shared.ts";

/** What has made tokenizers quadratic: runs without a break, or of what needs looking back or ahead. */
const FAMILIES: Record<string, string> = {
  underscores: "_",
  spaces: " ",
  "line breaks": "\n",
  "one letter": "a",
  "no-break spaces": "\u00a0x",
  ideographs: "中文字符",
  syllables: "한국어",
  "combining marks": "e\u0301\u0302",
  "joined emoji": "👩‍👩‍👧",
  "removed characters": "\u200b",
  digits: "0123456789",
  contractions: "'s't're",
  metaspaces: "▁",
  "special tokens": "<mask>",
  brackets: "[MASK] ",
  "mixed scripts": "a中_ é\t",
  words: "the quick brown fox ",
};

const NAMES = ["bert-base-uncased", "roberta-base", "modernbert-base", "t5-small", "albert-base-v2", "deberta-v3"];

const DOUBLINGS = 3;
const LARGEST = 2 ** 20;
/** Of a doubling: 2 and what caches and garbage add. A quadratic step gives 4. */
const MOST_PER_DOUBLING = 2.3;

/** The best of several runs, in ms: what else the machine does only adds. */
function time(tokenizer: Tokenizer, text: string): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 4; run++) {
    const started = performance.now();
    tokenizer.encode(text);
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

describe.each(NAMES)("%s", (name) => {
  describeShared("reads in linear time", `tokenizers/${name}`, (folder) => {
    it.each(Object.entries(FAMILIES))("%s", async (_family, unit) => {
      const tokenizer = await Tokenizer.load(folder);
      const text = unit.repeat(Math.floor(LARGEST / unit.length));
      const small = time(tokenizer, text.slice(0, Math.floor(text.length / 2 ** DOUBLINGS)));
      const large = time(tokenizer, text);
      expect(large / small).toBeLessThan(MOST_PER_DOUBLING ** DOUBLINGS);
    });
  });
});

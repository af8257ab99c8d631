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
  "mixed scripts": "a中_ é\t",
};

const NAMES = ["bert-base-uncased", "roberta-base", "modernbert-base", "t5-small", "albert-base-v2", "deberta-v3"];

const LARGEST = 2 ** 20;
/** Doublings up to the largest text, over which growth is taken: one alone may cross the border of a cache. */
const DOUBLINGS = 3;
/** Mean of a doubling. A quadratic step gives 4; noise only adds, so it is tried again. */
const MOST_PER_DOUBLING = 2.3;
const TRIES = 16;

/** Processor time of this process, in ms: what else the machine does adds little. */
function time(tokenizer: Tokenizer, text: string): number {
  const before = process.cpuUsage();
  tokenizer.encode(text);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe.each(NAMES)("%s", (name) => {
  describeShared("reads in linear time", `tokenizers/${name}`, (folder) => {
    it.each(Object.entries(FAMILIES))("%s", async (_family, unit) => {
      const tokenizer = await Tokenizer.load(folder);
      const large = unit.repeat(Math.floor(LARGEST / unit.length));
      const small = large.slice(0, Math.floor(large.length / 2 ** DOUBLINGS));
      const best = { small: Number.POSITIVE_INFINITY, large: Number.POSITIVE_INFINITY };
      const most = MOST_PER_DOUBLING ** DOUBLINGS;
      time(tokenizer, small);
      for (let attempt = 0; attempt < TRIES; attempt++) {
        best.small = Math.min(best.small, time(tokenizer, small), time(tokenizer, small));
        best.large = Math.min(best.large, time(tokenizer, large));
        if (best.large <= most * best.small) break;
      }
      expect(best.large / best.small).toBeLessThanOrEqual(most);
    });
  });
});

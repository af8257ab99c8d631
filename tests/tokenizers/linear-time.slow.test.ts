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

const LARGEST = 2 ** 22;
/**
 * Doublings up to the largest text, over which growth is taken: linear time grows 64 times, n log n 88 times, quadratic
 * time 4096 times. So far apart, the bound has room for caches and a loaded machine (136 times was measured at worst),
 * yet a quadratic part is caught that takes two fifths of the time of one megabyte, which is three quarters at four.
 */
const DOUBLINGS = 6;
/** Mean of a doubling; 244 times in all. Noise only adds, so it is tried again. */
const MOST_PER_DOUBLING = 2.5;
const TRIES = 8;

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

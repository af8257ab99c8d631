import { expect, it } from "vitest";
import { clusterEnd } from "./grapheme-clusters.ts";

function clusters(text: string): string[] {
  const found: string[] = [];
  for (let start = 0; start < text.length; ) {
    const end = clusterEnd(text, start);
    found.push(text.slice(start, end));
    start = end;
  }
  return found;
}

it.each([
  ["plain letters stand alone", ["a", "b", "é", "中"]],
  ["marks stay with the letter before", ["e\u0301\u0323", "a", "\u0e01\u0e33"]],
  [
    "a mark at the beginning, or after a control character, stands alone",
    ["\u0301", "\u200b", "\u0301", "\n", "\u0301"],
  ],
  ["signs before numbers stay with them", ["\u06001", "\u0600\u0301", "a"]],
  ["a line break of two characters is one", ["\r\n", "\n", "\r", "a"]],
  ["syllables of Hangul", ["\u1100\u1161\u11a8", "가\u11a8", "각\u11a8", "각", "\u1161", "가"]],
  ["flags, two and two", ["🇩🇪", "🇨🇳", "🇫", "a"]],
  ["emoji with modifiers and joined ones", ["👍🏽", "👩\u200d👩\u200d👧", "a\u200d", "👧", "☕\ufe0f"]],
])("%s", (_what, expected) => {
  expect(clusters(expected.join(""))).toEqual(expected);
});

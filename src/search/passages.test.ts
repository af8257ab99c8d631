import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutLongLines } from "./long-lines.ts";
import { splitParagraphs } from "./paragraphs.ts";
import { type MeasureText, splitPassages } from "./passages.ts";
import { splitSentences } from "./sentences.ts";

/** A tokenizer whose tokens are words. */
const words: MeasureText = (text, most) => {
  const found = [...text.matchAll(/\S+/g)];
  const kept = found.slice(0, most);
  const last = kept.at(-1);
  return { tokens: kept.length, fits: found.length <= most, end: last === undefined ? 0 : last.index + last[0].length };
};

const slices = (text: string, ranges: readonly { start: number; end: number }[]) =>
  ranges.map(({ start, end }) => text.slice(start, end));

describe("splitSentences", () => {
  const sentences = (text: string) => slices(text, splitSentences(text));

  it("ends sentences at stops before white space, with what closes on them", () => {
    expect(sentences('He said "stop." Then (it was late!) he left. Version 1.5 is out… Is it?')).toEqual([
      'He said "stop."',
      "Then (it was late!)",
      "he left.",
      "Version 1.5 is out…",
      "Is it?",
    ]);
  });

  it("does not end them at titles, initials and abbreviations", () => {
    expect(sentences("Dr. Ada B. King wrote notes, e.g. on engines. They ran.")).toEqual([
      "Dr. Ada B. King wrote notes, e.g. on engines.",
      "They ran.",
    ]);
  });

  it("knows ideographic stops, which no space follows", () => {
    expect(sentences("今天很好。他说：“走吧！”然后走了。")).toEqual(["今天很好。", "他说：“走吧！”", "然后走了。"]);
  });

  it("takes list items and headings one by one", () => {
    expect(sentences("# Title\nfirst line\nstill the same\n- one\n- two\n3. three")).toEqual([
      "# Title",
      "first line\nstill the same",
      "- one",
      "- two",
      "3. three",
    ]);
  });

  it("is linear on text that is all stops, all spaces or all quotes", () => {
    for (const text of [".", " ", '"', '." '].map((unit) => unit.repeat(300_000))) {
      const began = performance.now();
      splitSentences(text);
      expect(performance.now() - began).toBeLessThan(2000);
    }
  });
});

describe("splitParagraphs", () => {
  const paragraphs = (text: string) => slices(text, splitParagraphs(text));

  it("parts at blank lines and keeps headings with what follows", () => {
    expect(paragraphs("one\ntwo\n  \nthree\r\n\r\n# H1\n\n## H2\nfour\n\nTitle\n=====\n\nfive\n")).toEqual([
      "one\ntwo",
      "three",
      "# H1\n\n## H2\nfour",
      "Title\n=====\n\nfive",
    ]);
  });

  it("keeps fenced code together", () => {
    expect(paragraphs("a\n\n```ts\n# no heading\n\nx\n```\n\nb")).toEqual(["a", "```ts\n# no heading\n\nx\n```", "b"]);
  });

  it("keeps a heading that nothing follows", () => {
    expect(paragraphs("a\n\n# End")).toEqual(["a", "# End"]);
    expect(paragraphs(" \n\n")).toEqual([]);
  });
});

describe("splitPassages", () => {
  const passages = (text: string, maxTokens: number, shortTokens?: number) =>
    splitPassages(text, words, shortTokens === undefined ? { maxTokens } : { maxTokens, shortTokens });
  const texts = (text: string, maxTokens: number, shortTokens?: number) =>
    slices(text, passages(text, maxTokens, shortTokens));

  it("joins short neighbours of a section, and tells the line", () => {
    const text = "a b\n\nc d\n\ne f g h\n\n# New\n\ni";
    expect(texts(text, 6, 4)).toEqual(["a b\n\nc d", "e f g h", "# New\n\ni"]);
    expect(passages(text, 6, 4).map(({ line }) => line)).toEqual([1, 5, 7]);
  });

  it("splits a long paragraph at sentences, and a long sentence between words", () => {
    expect(texts("One two. Three four. Five six seven eight nine ten eleven.", 4, 1)).toEqual([
      "One two. Three four.",
      "Five six seven eight",
      "nine ten eleven.",
    ]);
  });

  it("covers every character that is no white space once, in order, within the limit", () => {
    const text = fc
      .array(fc.constantFrom("a", "bb. ", " ", "\n", "\n\n", "# ", "- ", "```\n", "。", "é"))
      .map((all) => all.join(""));
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 7 }), (text, maxTokens) => {
        const ranges = passages(text, maxTokens, 3);
        let at = 0;
        for (const { start, end, line } of ranges) {
          expect(text.slice(at, start).trim()).toBe("");
          expect(words(text.slice(start, end), Infinity).tokens).toBeLessThanOrEqual(maxTokens);
          expect(line).toBe(text.slice(0, start).split("\n").length);
          at = end;
        }
        expect(text.slice(at).trim()).toBe("");
      }),
    );
  });

  it("splits what has neither sentences nor blank lines at its lines, in linear time", () => {
    const log = Array.from({ length: 40_000 }, (_, i) => `line ${i} of a log`).join("\n");
    const began = performance.now();
    const found = texts(log, 40);
    expect(found[0]).toBe(Array.from({ length: 8 }, (_, i) => `line ${i} of a log`).join("\n"));
    expect(found).toHaveLength(5000);
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it("keeps apart what is not read between two ranges", () => {
    const text = `a ${"x".repeat(50)}\nb`;
    const { ranges, cutLines } = cutLongLines(text, 10);
    expect(cutLines).toEqual([1]);
    const found = splitPassages(text, words, { maxTokens: 9, ranges });
    expect(slices(text, found)).toEqual(["a xxxxxxxx", "b"]);
    expect(found.map(({ line }) => line)).toEqual([1, 2]);
  });

  it("has no passages in an empty text", () => {
    expect(passages("", 10)).toEqual([]);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChunkMemory } from "./chunk-memory.ts";
import { Chunk } from "./chunks.ts";
import { END, ID, START, TOKEN_NUMBERS, TokenSequence, WORD } from "./token-sequence.ts";

function chunksOf(text: string, aroundIdeographs = false): string[] {
  const chunk = new Chunk(aroundIdeographs);
  const chunks: string[] = [];
  for (let at = 0; at < text.length; at = chunk.end) {
    chunk.next(text, at);
    chunks.push(text.slice(chunk.start, chunk.end));
  }
  return chunks;
}

describe("chunks", () => {
  it("begin at single spaces between printable characters", () => {
    expect(chunksOf("one two, (three) élan")).toEqual(["one", " two,", " (three)", " élan"]);
  });

  it("do not end at other spaces", () => {
    expect(chunksOf(" a  b\n c \u0301d ")).toEqual([" a  b\n c \u0301d "]);
  });

  it("are single ideographs where the tokenizer sets them apart", () => {
    expect(chunksOf("ab中文 c", true)).toEqual(["ab", "中", "文", " c"]);
    expect(chunksOf("ab中文 c")).toEqual(["ab中文", " c"]);
  });

  it("make up the text", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.boolean(),
        (text, around) => chunksOf(text, around).join("") === text,
      ),
    );
  });
});

describe("the memory of chunks", () => {
  const chunk = new Chunk(false);
  const memory = new ChunkMemory();

  it("knows what was remembered, wherever it stands", () => {
    const out = new TokenSequence();
    chunk.next("one two", 3);
    out.push(7, 4, 5, 0);
    out.push(8, 5, 7, 1);
    out.wordCount = 2;
    memory.remember("one two", chunk, 3, out, 0, 0);
    chunk.next("a two", 1);
    expect(memory.recall("a two", chunk, 11, out)).toBe(true);
    expect(out.length).toBe(4);
    expect(out.wordCount).toBe(4);
    const second = 3 * TOKEN_NUMBERS;
    expect([ID, START, END, WORD].map((i) => out.data[second + i])).toEqual([8, 13, 15, 3]);
  });

  it("tells the beginning of a text from the rest", () => {
    chunk.next(" two", 0);
    expect(memory.recall(" two", chunk, 0, new TokenSequence())).toBe(false);
    expect(memory.recall(" two", chunk, 1, new TokenSequence())).toBe(true);
  });

  it("never takes one chunk for another, and stays bounded", () => {
    const out = new TokenSequence();
    for (let i = 0; i < 200_000; i++) {
      const text = `w${i}`;
      chunk.next(text, 0);
      out.clear();
      if (memory.recall(text, chunk, 1, out)) throw new Error(`${text} was never remembered`);
      out.push(i, 1, 2, 0);
      out.wordCount = 1;
      memory.remember(text, chunk, 1, out, 0, 0);
      expect(memory.recall(text, chunk, 1, out) ? out.data[TOKEN_NUMBERS] : i).toBe(i);
    }
  });
});

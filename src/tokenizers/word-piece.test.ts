import { describe, expect, it } from "vitest";
import { TokenizerError } from "../errors.ts";
import { TokenBuffer } from "./token-buffer.ts";
import { Vocabulary } from "./vocabulary.ts";
import { WordPiece } from "./word-piece.ts";

function vocabularyOf(...tokens: string[]): Vocabulary {
  const vocabulary = new Vocabulary("test");
  tokens.forEach((token, id) => {
    vocabulary.add(token, id);
  });
  return vocabulary;
}

function tokens(model: WordPiece, piece: string): [token: string, start: number, end: number][] {
  const out = new TokenBuffer();
  model.tokenize(piece, out);
  return Array.from({ length: out.length }, (_, i) => [model.tokenOf(out.ids[i]!)!, out.starts[i]!, out.ends[i]!]);
}

describe("WordPiece", () => {
  const model = new WordPiece(vocabularyOf("[UNK]", "un", "##aff", "##able", "##a", "##ff", "una", "😀", "##😀", "##"));

  it("takes the longest token, again and again", () => {
    expect(tokens(model, "unaffable")).toEqual([
      ["una", 0, 3],
      ["##ff", 3, 5],
      ["##able", 5, 9],
    ]);
  });

  it("goes back to nothing but the unknown token", () => {
    expect(tokens(model, "unaffx")).toEqual([["[UNK]", 0, 6]]);
  });

  it("cuts between characters, not UTF-16 units", () => {
    expect(tokens(model, "😀😀")).toEqual([
      ["😀", 0, 2],
      ["##😀", 2, 4],
    ]);
  });

  it("counts characters of long pieces", () => {
    const short = new WordPiece(vocabularyOf("[UNK]", "😀", "##😀"), { maxCharacters: 3 });
    expect(tokens(short, "😀😀😀").length).toBe(3);
    expect(tokens(short, "😀😀😀😀")).toEqual([["[UNK]", 0, 8]]);
  });

  it("needs its unknown token", () => {
    expect(() => new WordPiece(vocabularyOf("a"))).toThrow(TokenizerError);
  });
});

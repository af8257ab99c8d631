import { describe, expect, it } from "vitest";
import { TokenizerError } from "../errors.ts";
import { BytePair, type BytePairOptions } from "./byte-pair.ts";
import { MAX_MERGES } from "./merge-queue.ts";
import type { TokenizerModel } from "./model.ts";
import { TokenBuffer } from "./token-buffer.ts";
import { Vocabulary } from "./vocabulary.ts";

function vocabularyOf(tokens: string[]): Vocabulary {
  const vocabulary = new Vocabulary("vocab");
  for (const [id, token] of tokens.entries()) vocabulary.add(token, id);
  return vocabulary;
}

function bytePair(tokens: string[], merges: string[], options?: BytePairOptions): BytePair {
  const pairs = merges.map((merge) => merge.split(" ") as [string, string]);
  return new BytePair(vocabularyOf(tokens), pairs, options);
}

/** `token start-end` for each token. */
function tokenize(model: TokenizerModel, piece: string): string[] {
  const out = new TokenBuffer();
  model.tokenize(piece, out);
  return Array.from({ length: out.length }, (_, i) => `${model.tokenOf(out.ids[i]!)} ${out.starts[i]}-${out.ends[i]}`);
}

const BYTES = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);

describe("merging", () => {
  const model = bytePair(["h", "u", "g", "s", "hu", "ug", "hug", "gs"], ["u g", "h ug", "h u", "g s"]);

  it("merges by rank, not from left to right", () => {
    expect(tokenize(model, "hug")).toEqual(["hug 0-3"]);
    expect(tokenize(model, "hugs")).toEqual(["hug 0-3", "s 3-4"]);
    expect(tokenize(model, "hgs")).toEqual(["h 0-1", "gs 1-3"]);
  });

  it("merges the leftmost of overlapping pairs", () => {
    const doubled = bytePair(["a", "aa"], ["a a"]);
    expect(tokenize(doubled, "aaaaa")).toEqual(["aa 0-2", "aa 2-4", "a 4-5"]);
  });

  it("takes the later of two equal merges", () => {
    const model = bytePair(["a", "b", "c", "ab", "bc"], ["a b", "b c", "a b"]);
    expect(tokenize(model, "abc")).toEqual(["a 0-1", "bc 1-3"]);
  });

  it("takes a whole piece for a token when merges are ignored", () => {
    const tokens = ["a", "b", "c", "abc"];
    expect(tokenize(bytePair(tokens, []), "abc")).toEqual(["a 0-1", "b 1-2", "c 2-3"]);
    expect(tokenize(bytePair(tokens, [], { ignoreMerges: true }), "abc")).toEqual(["abc 0-3"]);
  });

  it("knows marks at the beginning and the end", () => {
    const tokens = ["a", "##b", "##b</w>", "ab</w>", "ab"];
    const model = bytePair(tokens, ["a ##b</w>", "a ##b"], { continuationPrefix: "##", endSuffix: "</w>" });
    expect(tokenize(model, "ab")).toEqual(["ab</w> 0-2"]);
    expect(tokenize(model, "abb")).toEqual(["ab 0-2", "##b</w> 2-3"]);
  });
});

describe("characters that are not in the vocabulary", () => {
  it("are dropped without an unknown token, and what follows is counted from the left", () => {
    expect(tokenize(bytePair(["a", "b"], []), "axb")).toEqual(["a 0-1", "b 1-2"]);
  });

  it("are one unknown token each, or one for a run", () => {
    const tokens = ["?", "a"];
    expect(tokenize(bytePair(tokens, [], { unknownToken: "?" }), "éé😀a")).toEqual([
      "? 0-1",
      "? 1-2",
      "? 2-4",
      "a 4-5",
    ]);
    const fused = bytePair(tokens, [], { unknownToken: "?", fuseUnknown: true });
    expect(tokenize(fused, "éé😀a")).toEqual(["? 0-4", "a 4-5"]);
  });

  it("are written in bytes, each with the range of the character", () => {
    const model = bytePair([...BYTES, "a"], [], { byteFallback: true });
    expect(tokenize(model, "aé")).toEqual(["a 0-1", "<0xC3> 1-2", "<0xA9> 1-2"]);
    expect(tokenize(model, "😀")).toEqual(["<0xF0> 0-2", "<0x9F> 0-2", "<0x98> 0-2", "<0x80> 0-2"]);
  });

  it("are unknown where bytes are missing, set after the bytes that follow", () => {
    const tokens = [...BYTES.filter((byte) => byte !== "<0xC3>"), "?", "a"];
    const model = bytePair(tokens, [], { byteFallback: true, unknownToken: "?" });
    expect(tokenize(model, "éńa")).toEqual(["<0xC5> 0-1", "<0x84> 0-1", "? 1-2", "a 2-3"]);
  });

  it("are an error when the unknown token is not there either", () => {
    const model = bytePair(["a"], [], { unknownToken: "<unk>" });
    expect(tokenize(model, "a")).toEqual(["a 0-1"]);
    expect(() => tokenize(model, "b")).toThrow('vocab: unk_token is "<unk>", which is not in the vocabulary.');
  });
});

describe("hostile files", () => {
  it.each([["a x"], ["x a"], ["b a"]])("refuse the merge %j of or into what is no token", (merge) => {
    expect(() => bytePair(["a", "b", "ab"], ["a b", merge])).toThrow(TokenizerError);
    expect(() => bytePair(["a", "b", "ab"], ["a b", merge])).toThrow(/^vocab: a token of merge 1 is "/);
  });

  it("refuse more merges than can be ranked, before they are read", () => {
    const merges = new Array(MAX_MERGES + 1).fill(["a", "b"]);
    expect(() => new BytePair(vocabularyOf([]), merges)).toThrow(`${MAX_MERGES + 1} merges; at most ${MAX_MERGES}`);
  });
});

it("handles long runs in little more than linear time", () => {
  const model = bytePair(["_", "__", "____", "________"], ["_ _", "__ __", "____ ____"]);
  const time = (length: number) => {
    const out = new TokenBuffer();
    const started = performance.now();
    model.tokenize("_".repeat(length), out);
    expect(out.length).toBe(length / 8);
    return performance.now() - started;
  };
  time(20_000);
  // Quadratic merging takes minutes here.
  expect(time(400_000)).toBeLessThan(5000);
});

import { describe, expect, it } from "vitest";
import { TokenizerError } from "../errors.ts";
import { TokenBuffer } from "./token-buffer.ts";
import { Unigram, type UnigramOptions } from "./unigram.ts";

/** `token start-end` for each token. */
function tokenize(model: Unigram, text: string): string[] {
  const out = new TokenBuffer();
  model.tokenize(text, out);
  return Array.from({ length: out.length }, (_, i) => `${model.tokenOf(out.ids[i]!)} ${out.starts[i]}-${out.ends[i]}`);
}

const PIECES: [string, number][] = [
  ["<unk>", 0],
  ["a", 0],
  ["b", 0],
  ["c", 0],
  ["d", 0],
  ["cd", 1],
  ["ab", 2],
  ["abc", 5],
  ["abcd", 10],
];
const BYTES = Array.from({ length: 256 }, (_, byte): [string, number] => [
  `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
  -20,
]);
const model = (pieces: [string, number][], options: UnigramOptions = { unknownId: 0 }) => new Unigram(pieces, options);

describe("the best path", () => {
  it("has the highest sum of scores", () => {
    expect(tokenize(model(PIECES), "abcdacdxx")).toEqual(["abcd 0-4", "a 4-5", "cd 5-7", "<unk> 7-9"]);
    const pieces: [string, number][] = [["<unk>", 0], ["a", -1], ["ab", -1.9], ["b", -1], ["bc", -1], ["c", -3]]; // biome-ignore format: pairs
    expect(tokenize(model(pieces), "abc")).toEqual(["a 0-1", "bc 1-3"]);
  });

  it("is, of equal ones, that whose last piece begins first", () => {
    const pieces: [string, number][] = [["<unk>", 0], ["a", -1], ["b", -1], ["ab", -2]]; // biome-ignore format: pairs
    expect(tokenize(model(pieces), "ab")).toEqual(["ab 0-2"]);
  });

  it("takes the last of equal pieces", () => {
    const out = new TokenBuffer();
    model([...PIECES, ["a", -1]]).tokenize("a", out);
    expect([out.length, out.ids[0]]).toEqual([1, PIECES.length]);
  });
});

describe("characters that no piece covers", () => {
  it("are joined into one unknown token", () => {
    expect(tokenize(model(PIECES), "é😀xa")).toEqual(["<unk> 0-4", "a 4-5"]);
  });

  it("join with the unknown piece where the text spells it", () => {
    expect(tokenize(model(PIECES), "x<unk>")).toEqual(["<unk> 0-6"]);
  });

  it("are written in bytes, each with the range of the run", () => {
    const fallback = model([...PIECES, ...BYTES], { unknownId: 0, byteFallback: true });
    expect(tokenize(fallback, "aéx")).toEqual(["a 0-1", "<0xC3> 1-3", "<0xA9> 1-3", "<0x78> 1-3"]);
  });

  it("are unknown when one of the bytes is missing", () => {
    const fallback = model([...PIECES, ...BYTES.slice(1)], { unknownId: 0, byteFallback: true });
    expect(tokenize(fallback, "éx")).toEqual(["<unk> 0-2"]);
  });

  it("are an error without an unknown piece", () => {
    const strict = model(PIECES, { origin: "tokenizer.json: model.vocab" });
    expect(tokenize(strict, "ab")).toEqual(["ab 0-2"]);
    expect(() => tokenize(strict, "x")).toThrow('tokenizer.json: model.vocab: no piece covers the character "x"');
  });
});

describe("hostile files", () => {
  it.each<[[string, number]]>([[["a", Number.NaN]], [["a", Number.NEGATIVE_INFINITY]], [["a".repeat(513), 0]]])(
    "refuse a piece such as %j",
    (piece) => {
      expect(() => model([...PIECES, piece])).toThrow(TokenizerError);
      expect(() => model([...PIECES, piece])).toThrow(/^vocab: piece 9 /);
    },
  );

  it("refuse more pieces than any vocabulary has, before memory is taken", () => {
    const pieces = new Array<[string, number]>(2 ** 20 + 1);
    expect(() => model(pieces)).toThrow("vocab: 1048577 pieces; at most 1048576 can be read.");
  });

  it.each([[-1], [9], [0.5]])("refuse %j for the id of the unknown piece", (unknownId) => {
    expect(() => model(PIECES, { unknownId })).toThrow(`vocab: unk_id is ${unknownId}; expected one of the 9 ids.`);
  });
});

it("handles long runs in linear time", () => {
  const run = model([...PIECES, ["a".repeat(16), -3]]);
  const out = new TokenBuffer();
  run.tokenize("a".repeat(400_000), out);
  expect(out.length).toBe(400_000); // sixteen single letters, at 0 each, beat the long piece
  out.clear();
  run.tokenize("中".repeat(400_000), out);
  expect(out.length).toBe(1);
});

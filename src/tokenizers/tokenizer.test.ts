import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../errors.ts";
import { Tokenizer } from "./tokenizer.ts";
import type { TokenizerFiles } from "./tokenizer-files.ts";

const TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "one", "two", "three", "##s", "é", "中", "😀", "."];

function files(config: object = {}): TokenizerFiles {
  const contents: Record<string, string> = {
    "vocab.txt": `${TOKENS.join("\n")}\n`,
    "tokenizer_config.json": JSON.stringify(config),
  };
  const encoder = new TextEncoder();
  return { name: "test", read: (file) => (contents[file] === undefined ? undefined : encoder.encode(contents[file])) };
}

const tokenizer = await Tokenizer.load(files({ do_lower_case: false }));

describe("Tokenizer.encode", () => {
  it("gives all that a model and its caller want to know", () => {
    expect(tokenizer.encode("ones two", { pair: "two" }).toJSON()).toEqual({
      ids: [2, 5, 8, 6, 3, 6, 3],
      tokens: ["[CLS]", "one", "##s", "two", "[SEP]", "two", "[SEP]"],
      offsets: [[0, 0], [0, 3], [3, 4], [5, 8], [0, 0], [0, 3], [0, 0]],
      words: [null, 0, 0, 1, null, 0, null],
      typeIds: [0, 0, 0, 0, 0, 1, 1],
      special: [1, 0, 0, 0, 1, 0, 1],
    }); // biome-ignore format: pairs
  });

  it("counts offsets in three units", () => {
    const offsets = (unit: "utf16" | "codepoints" | "bytes") =>
      tokenizer.encode("é😀中.", { offsets: unit, addSpecialTokens: false }).offsets.map(([, end]) => end);
    expect(tokenizer.encode("é 😀 中 .").tokens).toEqual(["[CLS]", "é", "😀", "中", ".", "[SEP]"]);
    expect(offsets("utf16").at(-1)).toBe(5);
    expect(offsets("codepoints").at(-1)).toBe(4);
    expect(offsets("bytes").at(-1)).toBe(10);
  });

  it("takes words, and counts from the beginning of each", () => {
    const { ids, words, offsets } = tokenizer.encode(["ones two", "three"], { addSpecialTokens: false });
    expect([...ids]).toEqual([5, 8, 6, 7]);
    expect(words).toEqual([0, 0, 0, 1]);
    expect(offsets).toEqual([[0, 3], [3, 4], [5, 8], [0, 5]]); // biome-ignore format: pairs
  });

  it("says what was cut off", () => {
    const text = "one two three";
    const right = tokenizer.encode(text, { maxLength: 4 });
    expect(right.tokens).toEqual(["[CLS]", "one", "two", "[SEP]"]);
    expect([right.truncated, right.droppedCharacters]).toEqual([true, 6]);
    const left = tokenizer.encode(text, { maxLength: 4, side: "left" });
    expect(left.tokens).toEqual(["[CLS]", "two", "three", "[SEP]"]);
    expect([left.truncated, left.droppedCharacters]).toEqual([true, 4]);
    const whole = tokenizer.encode(`${text}   `, { maxLength: 5 });
    expect([whole.truncated, whole.droppedCharacters]).toEqual([false, 0]);
    const words = tokenizer.encode(["one", "two three", "two"], { maxLength: 4 });
    expect([words.truncated, words.droppedCharacters]).toEqual([true, 9]);
    expect(tokenizer.encode(text, { maxLength: 2 }).droppedCharacters).toBe(text.length);
  });

  it("makes windows over all of the text", () => {
    const encoding = tokenizer.encode("one two three one", { maxLength: 5, stride: 1 });
    expect(encoding.windows.map(({ tokens }) => tokens.slice(1, -1).join(" "))).toEqual(["one two three", "three one"]);
    expect(encoding.windows[0]).toBe(encoding);
    expect(tokenizer.encode("one two", { maxLength: 3 }).windows.length).toBe(1);
  });

  it("does not cut when told not to", () => {
    const encoding = tokenizer.encode("one two three", { maxLength: 3, truncation: "none" });
    expect([encoding.ids.length, encoding.truncated]).toEqual([5, false]);
  });

  it("reads a beginning as it reads the whole", () => {
    const part = fc.constantFrom("one", "twos", "three.", " ", "中", "é", "[MASK]", "\n", "x");
    const texts = fc.array(part, { maxLength: 60 }).map((parts) => parts.join(" ").repeat(200));
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 50 }), (text, maxLength) => {
        const [cut, whole] = [tokenizer.encode(text, { maxLength }), tokenizer.encode(text, { maxLength, stride: 0 })];
        expect([cut.ids, cut.truncated]).toEqual([whole.ids, whole.truncated]);
        expect(cut.offsets).toEqual(whole.offsets);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    [{ maxLength: 1 }, /maxLength is 1, but 2 special tokens are added/],
    [{ maxLength: -1 }, /maxLength is -1/],
    [{ maxLength: 2.5 }, /maxLength is 2\.5/],
    [{ maxLength: 5, stride: 3 }, /stride is 3, but windows hold 3 tokens/],
    [{ stride: -1 }, /stride is -1/],
    [{ maxLength: 3, truncation: "only-second" as const }, /needs a pair/],
  ])("refuses %j", (options, says) => {
    expect(() => tokenizer.encode("one two three", options)).toThrow(InputError);
    expect(() => tokenizer.encode("one two three", options)).toThrow(says);
  });
});

describe("Tokenizer", () => {
  it("goes from ids back to text", () => {
    const { ids } = tokenizer.encode("ones two.");
    expect(tokenizer.decode(ids)).toBe("[CLS] ones two. [SEP]");
    expect(tokenizer.decode(ids, { skipSpecial: true })).toBe("ones two.");
    expect(tokenizer.decode([5, 999, -1, 6])).toBe("one two");
  });

  it("knows its vocabulary and special tokens", () => {
    expect(tokenizer.size).toBe(TOKENS.length);
    expect(tokenizer.idOf("##s")).toBe(8);
    expect(tokenizer.tokenOf(8)).toBe("##s");
    expect(tokenizer.tokenOf(99)).toBeUndefined();
    expect(tokenizer.specialTokens).toMatchObject({
      cls: { token: "[CLS]", id: 2 },
      pad: { token: "[PAD]", id: 0 },
      mask: { token: "[MASK]", id: 4 },
    });
  });

  it("obeys tokenizer_config.json", async () => {
    const other = await Tokenizer.load(
      files({
        model_max_length: 512,
        tokenize_chinese_chars: false,
        added_tokens_decoder: { 13: { content: "<new>" } },
      }),
    );
    expect(other.maxLength).toBe(512);
    expect(other.encode("ONE 中中 <new>").tokens).toEqual(["[CLS]", "one", "[UNK]", "<new>", "[SEP]"]);
    expect(other.idOf("<new>")).toBe(13);
    expect(tokenizer.maxLength).toBeUndefined();
  });

  it("reads vocabularies that state their ids", async () => {
    const encoder = new TextEncoder();
    const lines = TOKENS.map((token, i) => `${token}\t${TOKENS.length - 1 - i}`).join("\r\n");
    const other = await Tokenizer.load({
      name: "test",
      read: (file) => (file === "vocab.txt" ? encoder.encode(lines) : undefined),
    });
    expect(other.idOf("[PAD]")).toBe(TOKENS.length - 1);
  });
});

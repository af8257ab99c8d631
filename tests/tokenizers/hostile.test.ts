import { describe, expect, it } from "vitest";
import { InputError, TokenizerError } from "../../src/errors.ts";
import { Tokenizer } from "../../src/tokenizers/tokenizer.ts";
import { memoryFiles } from "./memory-files.ts";

const VOCABULARY = { "[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "[MASK]": 3, a: 4, "##b": 5 };
const WORD_PIECE = {
  type: "WordPiece",
  unk_token: "[UNK]",
  continuing_subword_prefix: "##",
  max_input_chars_per_word: 100,
  vocab: VOCABULARY,
};
const special = (content: string, id: number) => ({ id, content, special: true, normalized: false });
const VALID = {
  version: "1.0",
  added_tokens: [special("[CLS]", 1), special("[SEP]", 2), special("[MASK]", 3)],
  normalizer: { type: "BertNormalizer" },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: { type: "BertProcessing", cls: ["[CLS]", 1], sep: ["[SEP]", 2] },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: WORD_PIECE,
};

const load = (description: unknown) =>
  Tokenizer.load(
    memoryFiles({ "tokenizer.json": typeof description === "string" ? description : JSON.stringify(description) }),
  );

/** `{ type, key: { type, key: ... } }` as JSON, so deep that no recursive function could write it. */
const nested = (open: string, close: string, depth: number) => `${open.repeat(depth)}null${close.repeat(depth)}`;

const template = (single: unknown[], special_tokens: object) => ({
  ...VALID,
  post_processor: { type: "TemplateProcessing", single, pair: [], special_tokens },
});

/** What is wrong, the file, and what the error says of it. */
const FAULTY: [fault: string, description: unknown, says: RegExp][] = [
  ["no JSON", "{", /tokenizer\.json is not valid JSON/],
  ["no object", "[]", /tokenizer\.json is a list of 0; expected an object/],
  ["nothing at all", "{}", /tokenizer\.json: model is missing/],
  ["another version", { ...VALID, version: "2.0" }, /version is "2\.0"; expected "1\.0"/],
  ["an unknown model", { ...VALID, model: { type: "Markov" } }, /model\.type is "Markov"; known: "BPE"/],
  [
    "an unknown normalizer",
    { ...VALID, normalizer: { type: "constructor" } },
    /normalizer\.type is "constructor"; known/,
  ],
  ["a normalizer that is no object", { ...VALID, normalizer: [[]] }, /normalizer is a list of 1; expected an object/],
  [
    "a Sequence 3,000 deep",
    JSON.stringify(VALID).replace(
      '{"type":"BertPreTokenizer"}',
      nested('{"type":"Sequence","pretokenizers":[', "]}", 3000),
    ),
    /pre_tokenizer\.pretokenizers.* is a Sequence 8 deep; at most 8 are read/,
  ],
  [
    "lists 100,000 deep",
    JSON.stringify(VALID).replace('{"type":"BertPreTokenizer"}', nested("[", "]", 100_000)),
    /pre_tokenizer is a list of 1; expected an object/,
  ],
  [
    "100,000 steps",
    { ...VALID, normalizer: { type: "Sequence", normalizers: Array(100_000).fill({ type: "NFKD" }) } },
    /normalizer\.normalizers has 100000 steps; at most 64 are read/,
  ],
  ["an id that fits no table", model({ a: 4294967295 }), /model\.vocab: token "a" has the id 4294967295/],
  ["a negative id", model({ a: -1 }), /model\.vocab: token "a" has the id -1/],
  ["an id that is no number", model({ a: "1" }), /model\.vocab: token "a" has the id "1"/],
  ["an id twice", model({ a: 1, b: 1 }), /model\.vocab: tokens "a" and "b" both have the id 1/],
  ["no unknown token", model({ a: 1 }), /unk_token is "\[UNK\]", which is not in the vocabulary/],
  [
    "an added token with such an id",
    { ...VALID, added_tokens: [special("x", 4294967295)] },
    /added_tokens\[0\]\.id is 4294967295/,
  ],
  [
    "an added token without an end",
    { ...VALID, added_tokens: [special("x".repeat(5000), 6)] },
    /is 5000 characters long/,
  ],
  [
    "a merge of an unknown token",
    { ...VALID, model: { type: "BPE", vocab: { a: 0, b: 1 }, merges: [["a", "c"]] } },
    /merge 0 .*"c"/,
  ],
  [
    "a merge that is none",
    { ...VALID, model: { type: "BPE", vocab: { a: 0, b: 1 }, merges: [17] } },
    /merge 0 is 17; expected two tokens/,
  ],
  [
    "pieces without scores",
    { ...VALID, model: { type: "Unigram", vocab: ["a"] } },
    /vocab\[0\] is "a"; expected a piece/,
  ],
  [
    "a special token that is not defined",
    template([{ SpecialToken: { id: "[CLS]", type_id: 0 } }], {}),
    /single\[0\]\.SpecialToken\.id is "\[CLS\]", which special_tokens does not define/,
  ],
  [
    "a special token with an id of no token",
    template([{ SpecialToken: { id: "x", type_id: 0 } }], { x: { id: "x", ids: [99], tokens: ["x"] } }),
    /special_tokens\.x\.ids has 99, which is not in the vocabulary/,
  ],
  [
    "a special token that is made of itself",
    template([{ SpecialToken: { id: "x", type_id: 0 } }], { x: { id: "x", ids: ["x"], tokens: ["x"] } }),
    /special_tokens\.x\.ids has "x"/,
  ],
  [
    "a type id that no model has",
    template([{ Sequence: { id: "A", type_id: 4294967296 } }], {}),
    /type_id is 4294967296/,
  ],
  ["B without a pair", template([{ Sequence: { id: "B", type_id: 0 } }], {}), /single uses the sequence B/],
  ["a separator with an id of no token", bert({ cls: ["[CLS]", 1], sep: ["[SEP]", 999] }), /sep has the id 999/],
  [
    "truncation that could not move on",
    { ...VALID, truncation: { max_length: 8, stride: 8, strategy: "LongestFirst" } },
    /truncation\.stride is 8, but max_length 8 leaves room for 6 tokens/,
  ],
  ["pieces of no length", { ...VALID, pre_tokenizer: { type: "FixedLength", length: 0 } }, /length is 0/],
  [
    "lookaround in an unknown pattern",
    { ...VALID, pre_tokenizer: { type: "Split", pattern: { Regex: "(?<=a)b" }, behavior: "Removed", invert: false } },
    /pre_tokenizer\.pattern/,
  ],
  [
    "a damaged charsmap",
    { ...VALID, normalizer: { type: "Precompiled", precompiled_charsmap: "%%" } },
    /not valid base64/,
  ],
  [
    "a cut charsmap",
    { ...VALID, normalizer: { type: "Precompiled", precompiled_charsmap: "////fw==" } },
    /precompiled_charsmap/,
  ],
];

function model(vocab: object): unknown {
  return { ...VALID, model: { ...WORD_PIECE, vocab } };
}

function bert(parts: object): unknown {
  return { ...VALID, post_processor: { type: "BertProcessing", ...parts } };
}

describe("a tokenizer.json is refused that has", () => {
  it.each(FAULTY)("%s", async (_, description, says) => {
    const started = performance.now();
    const error = await load(description).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(TokenizerError);
    expect((error as Error).message).toMatch(says);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it("more bytes than any tokenizer needs", async () => {
    const files = memoryFiles({ "tokenizer.json": new Uint8Array(65 * 2 ** 20).fill(0x20) });
    await expect(Tokenizer.load(files)).rejects.toThrow(/tokenizer\.json has 65 MiB; .* at most 64 MiB/);
  });

  it("more keys than any vocabulary has", async () => {
    const keys = Array.from({ length: 1_400_000 }, (_, id) => `"${id.toString(36)}":${id}`).join(",");
    const started = performance.now();
    await expect(load(`{"model":{"type":"WordLevel","vocab":{${keys}}}}`)).rejects.toThrow(/has 1400003 keys; at most/);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it("more pieces than any vocabulary has", async () => {
    const pieces = Array.from({ length: 4_000_000 }, (_, id) => `["${id.toString(36)}",-1]`).join(",");
    const started = performance.now();
    await expect(load(`{"model":{"type":"Unigram","vocab":[${pieces}]}}`)).rejects.toThrow(
      /has 4000001 lists; at most 2359296 are read/,
    );
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it("more pieces than are read of a vocabulary, which fit the file", async () => {
    const pieces = `["a",-1]${',["a",-1]'.repeat(1_100_000)}`;
    const started = performance.now();
    await expect(load(`{"model":{"type":"Unigram","vocab":[${pieces}]}}`)).rejects.toThrow(
      /model\.vocab has 1100001 pieces; at most 1048576 can be read/,
    );
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it("a list so deep that no recursive function could write it", async () => {
    const merges = nested("[", "]", 200_000);
    const description = `{"model":{"type":"BPE","vocab":{"a":0},"merges":${merges}}}`;
    await expect(load(description)).rejects.toThrow(/merge 0 is a list of 1; expected two tokens/);
  });

  it("bytes that are no UTF-8", async () => {
    const files = memoryFiles({ "tokenizer.json": new Uint8Array([0x7b, 0xff, 0x7d]) });
    await expect(Tokenizer.load(files)).rejects.toThrow(/tokenizer\.json is not valid UTF-8/);
  });
});

describe("other files are refused:", () => {
  it("none at all", async () => {
    await expect(Tokenizer.load(memoryFiles({}))).rejects.toThrow(
      /holds no tokenizer: expected tokenizer\.json, vocab\.txt/,
    );
  });

  it("an empty vocab.txt", async () => {
    await expect(Tokenizer.load(memoryFiles({ "vocab.txt": "" }))).rejects.toThrow(/vocab\.txt lacks "\[CLS\]"/);
  });

  it("merges of another vocabulary", async () => {
    const files = memoryFiles({ "vocab.json": '{"<s>":0,"</s>":1,"a":2}', "merges.txt": "#version: 0.2\na b\n" });
    await expect(Tokenizer.load(files)).rejects.toThrow(TokenizerError);
  });

  it("a SentencePiece model that is none", async () => {
    const files = memoryFiles({ "spiece.model": new Uint8Array([1, 2, 3]) });
    await expect(Tokenizer.load(files)).rejects.toThrow(/spiece\.model/);
  });

  it("a class that no family has", async () => {
    const files = memoryFiles({
      "vocab.json": "{}",
      "merges.txt": "",
      "tokenizer_config.json": '{"tokenizer_class": "CLIPTokenizer"}',
    });
    await expect(Tokenizer.load(files)).rejects.toThrow(/tokenizer_class is "CLIPTokenizer"/);
  });
});

describe("texts that others choose", () => {
  const WEIRD = [
    "\ud800",
    "a\udc00b",
    "\udfff\ud800",
    "\0",
    "\ufffe\uffff",
    "\ufeff\u202e\u2066",
    "\u{e0001}\u{10ffff}",
    "👩‍👩‍👧‍👦",
  ];

  it("never throw", async () => {
    const tokenizer = await load(VALID);
    for (const text of [...WEIRD, WEIRD.join(""), "\u0301".repeat(100_000), "\ud800".repeat(1000)]) {
      const { offsets } = tokenizer.encode(text);
      for (const [start, end] of offsets) expect(start <= end && end <= text.length).toBe(true);
    }
  });

  it("are nothing but special tokens when they are empty", async () => {
    const tokenizer = await load(VALID);
    expect([...tokenizer.encode("").ids]).toEqual([1, 2]);
    expect([...tokenizer.encode([]).ids]).toEqual([1, 2]);
    expect([...tokenizer.encode("", { pair: "" }).ids]).toEqual([1, 2, 2]);
  });

  it("spell special tokens only where the caller lets them", async () => {
    const tokenizer = await load(VALID);
    expect(tokenizer.encode("a [MASK]").tokens).toEqual(["[CLS]", "a", "[MASK]", "[SEP]"]);
    const asText = tokenizer.encode("a [MASK] [SEP]", { specialTokens: "text" });
    expect([...asText.ids].filter((id) => id !== 0)).toEqual([1, 4, 2]);
    expect(asText.offsets.length).toBeGreaterThan(4);
  });

  it("spell no special token even where the model would find one", async () => {
    const unigram = {
      type: "Unigram",
      unk_id: 0,
      vocab: [
        ["<unk>", 0],
        ["<s>", 0],
        ["<", -9],
        ["s", -9],
        [">", -9],
      ],
    };
    const tokenizer = await load({ version: "1.0", model: unigram, added_tokens: [special("<s>", 1)] });
    expect([...tokenizer.encode("<s><s>").ids]).toEqual([1, 1]);
    const asText = tokenizer.encode("<s><s>", { specialTokens: "text" });
    expect([...asText.ids]).toEqual([2, 3, 4, 2, 3, 4]);
    expect(asText.offsets).toEqual([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [5, 6]]); // biome-ignore format: one line
  });

  it("are not read beyond the cut", async () => {
    const tokenizer = await load(VALID);
    const line = "a ab abb ".repeat(1_200_000);
    tokenizer.encode(line.slice(0, 1000), { maxLength: 256 });
    const started = performance.now();
    const encoding = tokenizer.encode(line, { maxLength: 256 });
    expect(performance.now() - started).toBeLessThan(200);
    expect(encoding.ids.length).toBe(256);
    expect(encoding.truncated).toBe(true);
    expect(encoding.droppedCharacters).toBe(line.length - encoding.offsets.at(-2)![1]);
  });

  it("cannot ask for windows without end", async () => {
    const tokenizer = await load(VALID);
    const long = "a ".repeat(3000);
    const encoding = tokenizer.encode(long, { pair: long, maxLength: 11, stride: 0 });
    expect(() => encoding.windows).toThrow(InputError);
  });
});

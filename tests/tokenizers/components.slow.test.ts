import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Tokenizer } from "../../src/tokenizers/tokenizer.ts";
import { memoryFiles } from "./memory-files.ts";
import { anyText } from "./random-texts.ts";
import { comparable, type EncodeRequest, referenceEncodings, referenceTexts } from "./reference.ts";

/** Writes every byte as a token of its own, so that ids show what the other parts make of a text. */
const bytes = Object.fromEntries(
  Array.from({ length: 256 }, (_, byte) => [`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`, byte]),
);
const BYTE_MODEL = { type: "BPE", vocab: bytes, merges: [], byte_fallback: true };

const split = (pattern: unknown, behavior: string, invert = false) => ({ type: "Split", pattern, behavior, invert });
const sequence = (...pretokenizers: unknown[]) => ({ type: "Sequence", pretokenizers });
const normalizers = (...steps: unknown[]) => ({ type: "Sequence", normalizers: steps });
const metaspace = (prepend_scheme: string, split: boolean, replacement = "▁") => ({
  type: "Metaspace",
  replacement,
  prepend_scheme,
  split,
});
const byteLevel = (add_prefix_space: boolean, use_regex = true, trim_offsets = true) => ({
  type: "ByteLevel",
  add_prefix_space,
  trim_offsets,
  use_regex,
});
const bert = (
  clean_text: boolean,
  handle_chinese_chars: boolean,
  strip_accents: boolean | null,
  lowercase: boolean,
) => ({
  type: "BertNormalizer",
  clean_text,
  handle_chinese_chars,
  strip_accents,
  lowercase,
});
const replace = (pattern: unknown, content: string) => ({ type: "Replace", pattern, content });
const CL100K =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"];

const NORMALIZERS: Record<string, unknown> = {
  none: null,
  NFC: { type: "NFC" },
  NFD: { type: "NFD" },
  NFKC: { type: "NFKC" },
  NFKD: { type: "NFKD" },
  Lowercase: { type: "Lowercase" },
  StripAccents: { type: "StripAccents" },
  "NFKD, StripAccents, Lowercase": normalizers({ type: "NFKD" }, { type: "StripAccents" }, { type: "Lowercase" }),
  Nmt: { type: "Nmt" },
  Strip: { type: "Strip", strip_left: true, strip_right: true },
  "Strip left": { type: "Strip", strip_left: true, strip_right: false },
  "Replace, NFC, Strip right": normalizers(
    replace({ Regex: "\\s{2,}|[\\n\\r\\t]" }, " "),
    { type: "NFC" },
    { type: "Strip", strip_left: false, strip_right: true },
  ),
  Prepend: { type: "Prepend", prepend: "▁" },
  "Prepend, Replace": normalizers({ type: "Prepend", prepend: "▁" }, replace({ String: " " }, "▁")),
  "Replace string": replace({ String: "e" }, "xyz"),
  "Replace spaces": replace({ Regex: " {2,}" }, "_"),
  "Replace expression": replace({ Regex: "[aeiou]+\\s?" }, ""),
  ByteLevel: { type: "ByteLevel" },
  "Bert cased": bert(true, true, null, false),
  "Bert without cleaning": bert(false, false, true, true),
  "Bert with accents": bert(true, true, false, true),
};

const PRE_TOKENIZERS: Record<string, unknown> = {
  none: null,
  BertPreTokenizer: { type: "BertPreTokenizer" },
  Whitespace: { type: "Whitespace" },
  WhitespaceSplit: { type: "WhitespaceSplit" },
  CharDelimiterSplit: { type: "CharDelimiterSplit", delimiter: "e" },
  Digits: { type: "Digits", individual_digits: false },
  "single Digits": { type: "Digits", individual_digits: true },
  FixedLength: { type: "FixedLength", length: 3 },
  UnicodeScripts: { type: "UnicodeScripts" },
  "Metaspace always": metaspace("always", true),
  "Metaspace first": metaspace("first", true),
  "Metaspace never, whole": metaspace("never", false),
  "Metaspace first, whole": metaspace("first", false),
  "Metaspace of another character": metaspace("always", true, "_"),
  ByteLevel: byteLevel(false),
  "ByteLevel with a space before": byteLevel(true),
  "ByteLevel, whole": byteLevel(true, false),
  "WhitespaceSplit, Punctuation, Metaspace": sequence(
    { type: "WhitespaceSplit" },
    { type: "Punctuation", behavior: "Isolated" },
    metaspace("always", true),
  ),
  "Digits, ByteLevel": sequence({ type: "Digits", individual_digits: true }, byteLevel(false)),
  "UnicodeScripts, FixedLength": sequence({ type: "UnicodeScripts" }, { type: "FixedLength", length: 2 }),
  "Split words, ByteLevel": sequence(split({ Regex: CL100K }, "Isolated"), byteLevel(false, false)),
  "Split words, kept": sequence(split({ Regex: CL100K }, "Removed", true), byteLevel(false, false)),
  ...Object.fromEntries(BEHAVIORS.map((behavior) => [`Punctuation ${behavior}`, { type: "Punctuation", behavior }])),
  ...Object.fromEntries(BEHAVIORS.map((behavior) => [`Split ${behavior}`, split({ String: " " }, behavior)])),
  ...Object.fromEntries(
    BEHAVIORS.map((behavior) => [`Split by an expression ${behavior}`, split({ Regex: "\\d+|[a-f]{2}" }, behavior)]),
  ),
  ...Object.fromEntries(
    BEHAVIORS.map((behavior) => [`Split inverted ${behavior}`, split({ Regex: "\\w+" }, behavior, true)]),
  ),
};

const added = (content: string, flags: object = {}) => ({
  id: 0,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: true,
  special: false,
  ...flags,
});
const ADDED: Record<string, unknown[]> = {
  special: [
    added("[MASK]", { special: true, normalized: false }),
    added("<mask>", { lstrip: true, normalized: false }),
  ],
  stripping: [added("a", { lstrip: true, rstrip: true }), added("##", { rstrip: true, normalized: false })],
  words: [added("the", { single_word: true }), added("A", { single_word: true, normalized: false })],
  normalized: [added("É É"), added("Zz"), added("ß")],
  overlapping: [added("ab"), added("abc"), added("bcd"), added("  ", { normalized: false }), added("   ")],
};

function describeTokenizer(parts: object): Record<string, unknown> {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    model: BYTE_MODEL,
    ...parts,
  };
}

async function load(description: unknown): Promise<Tokenizer> {
  return Tokenizer.load(memoryFiles({ "tokenizer.json": JSON.stringify(description) }));
}

async function compareEncodings(parts: object, requests: EncodeRequest[]): Promise<void> {
  const description = describeTokenizer(parts);
  const tokenizer = await load(description);
  const expected = referenceEncodings(description, requests);
  requests.forEach(({ text, ...options }, i) => {
    const got = comparable(tokenizer.encode(text, { ...options, offsets: "codepoints" }));
    expect(got, JSON.stringify(text)).toEqual(expected[i]);
  });
}

const texts = fc.sample(anyText, { numRuns: 1500, seed: 7 });
const requests = texts.map((text) => ({ text }));

describe("parts do what the reference's do:", () => {
  it.each(Object.entries(NORMALIZERS))("normalizer %s", (_, normalizer) =>
    compareEncodings({ normalizer, pre_tokenizer: { type: "WhitespaceSplit" } }, requests),
  );

  it.each(Object.entries(NORMALIZERS))("normalizer %s before GPT-2's words", (_, normalizer) =>
    compareEncodings({ normalizer, pre_tokenizer: byteLevel(true) }, requests),
  );

  it.each(Object.entries(PRE_TOKENIZERS))("pre-tokenizer %s", (_, pre_tokenizer) =>
    compareEncodings({ pre_tokenizer }, requests),
  );

  it.each(Object.entries(PRE_TOKENIZERS))("pre-tokenizer %s after a normalizer", (_, pre_tokenizer) =>
    compareEncodings({ normalizer: bert(true, true, null, true), pre_tokenizer }, requests),
  );

  it.each(Object.entries(ADDED))("added tokens: %s", (_, added_tokens) =>
    compareEncodings(
      { added_tokens, normalizer: { type: "Lowercase" }, pre_tokenizer: metaspace("first", true) },
      texts.map((text) => ({ text: text.replaceAll(" ", " A [MASK] the  <mask>abcd ##") })),
    ),
  );
});

describe("post-processors do what the reference's do:", () => {
  const specials = ["[A]", "[B]"].map((content) => added(content, { special: true, normalized: false }));
  const template = {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "x", type_id: 3 } }, { Sequence: { id: "A", type_id: 1 } }],
    pair: [
      { Sequence: { id: "B", type_id: 0 } },
      { SpecialToken: { id: "x", type_id: 2 } },
      { Sequence: { id: "A", type_id: 4 } },
    ],
    special_tokens: { x: { id: "x", ids: [256, 257], tokens: ["[A]", "[B]"] } },
  };
  const framing = { cls: ["[A]", 256], sep: ["[B]", 257] };
  const trimming = { trim_offsets: true, add_prefix_space: true };
  const POST_PROCESSORS: Record<string, unknown> = {
    TemplateProcessing: template,
    BertProcessing: { type: "BertProcessing", ...framing },
    RobertaProcessing: { type: "RobertaProcessing", ...framing, ...trimming },
    "RobertaProcessing without trimming": { type: "RobertaProcessing", ...framing, ...trimming, trim_offsets: false },
    ByteLevel: byteLevel(true),
    "ByteLevel, no space before": byteLevel(false),
    "ByteLevel, TemplateProcessing": { type: "Sequence", processors: [byteLevel(true), template] },
  };
  const pairs: EncodeRequest[] = texts
    .slice(0, 600)
    .flatMap((text, i) => [
      { text },
      { text, pair: texts[i + 600]! },
      { text, pair: texts[i + 600]!, addSpecialTokens: false },
    ]);
  it.each(Object.entries(POST_PROCESSORS))("%s", (_, post_processor) =>
    compareEncodings({ added_tokens: specials, pre_tokenizer: byteLevel(true), post_processor }, pairs),
  );
});

describe("decoders do what the reference's do:", () => {
  const pieces = [
    "a",
    "##b",
    "▁c",
    "Ġd",
    "e</w>",
    "<0xE4>",
    "<0xB8>",
    "<0xAD>",
    " ",
    "|",
    "<pad>",
    "n't",
    "'s",
    ".",
    "x.y",
    "é",
    "Ã",
    "©",
    "h</w>h",
    "▁▁",
  ];
  const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]));
  const DECODERS: Record<string, unknown> = {
    none: null,
    BPEDecoder: { type: "BPEDecoder", suffix: "</w>" },
    ByteFallback: { type: "ByteFallback" },
    ByteLevel: byteLevel(false),
    CTC: { type: "CTC", pad_token: "<pad>", word_delimiter_token: "|", cleanup: true },
    "CTC without cleaning up": { type: "CTC", pad_token: "<pad>", word_delimiter_token: "|", cleanup: false },
    Fuse: { type: "Fuse" },
    Metaspace: metaspace("always", true),
    "Metaspace never": metaspace("never", true),
    Replace: replace({ String: "a" }, "[]"),
    "Strip, fused": {
      type: "Sequence",
      decoders: [replace({ String: "▁" }, " "), { type: "Fuse" }, { type: "Strip", content: " ", start: 1, stop: 0 }],
    },
    Strip: { type: "Strip", content: "▁", start: 2, stop: 0 },
    WordPiece: { type: "WordPiece", prefix: "##", cleanup: true },
    "WordPiece without cleaning up": { type: "WordPiece", prefix: "##", cleanup: false },
  };
  const decode = fc
    .sample(fc.array(fc.nat({ max: pieces.length }), { minLength: 1, maxLength: 12 }), { numRuns: 500, seed: 3 })
    .flatMap((ids) => [
      { ids, skipSpecial: true },
      { ids, skipSpecial: false },
    ]);
  it.each(Object.entries(DECODERS))("%s", async (_, decoder) => {
    const description = describeTokenizer({
      decoder,
      model: { type: "WordLevel", vocab, unk_token: "a" },
      added_tokens: [added("<s>", { special: true, normalized: false })],
    });
    const tokenizer = await load(description);
    const expected = referenceTexts(description, decode);
    decode.forEach(({ ids, skipSpecial }, i) => {
      expect(tokenizer.decode(ids, { skipSpecial }), ids.join()).toBe(expected[i]);
    });
  });
});

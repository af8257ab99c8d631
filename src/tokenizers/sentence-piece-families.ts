import type { Fields } from "./fields.ts";
import type { SentencePieceModel } from "./sentence-piece.ts";
import type { SpecialRole } from "./special-tokens.ts";

/** A part of a tokenizer as tokenizer.json writes it. */
export type PartDescription = { type: string; [key: string]: unknown };

/** The texts of special tokens by the part they play. */
export type RoleTexts = ReadonlyMap<SpecialRole, string>;

/** How one family of models uses a SentencePiece model: what its file does not say. */
export interface SentencePieceFamily {
  readonly algorithm: "unigram" | "bpe";
  /** Special tokens, in the order in which those that the file lacks get ids after its pieces. */
  readonly roles: readonly (readonly [SpecialRole, string])[];
  /** Whether the mask token takes the space before it. Default false. */
  readonly maskStripsLeft?: boolean;
  /** Pieces set before those of the file, of which `dropped` are left out at the front, and after them. */
  readonly vocabulary?: (roles: RoleTexts, settings: Fields) => VocabularyFrame;
  /** The id of unknown pieces. Default: the file's. */
  readonly unknownId?: number;
  /** Undefined where text stands as it is. */
  readonly normalizer: (model: SentencePieceModel, settings: Fields) => PartDescription | undefined;
  readonly preTokenizer: (settings: Fields) => PartDescription;
  readonly decoder: (settings: Fields) => PartDescription;
  /** Special tokens around one text and two, each with its token type: `cls:0 A:0 sep:0`. */
  readonly single: string;
  readonly pair: string;
}

export interface VocabularyFrame {
  first: [string, number][];
  dropped: number;
  last: [string, number][];
  /** Whether those set after the file's are special tokens. Default false. */
  lastAreSpecial?: boolean;
}

const BERT_ROLES: [SpecialRole, string][] = [
  ["bos", "[CLS]"],
  ["eos", "[SEP]"],
  ["unk", "<unk>"],
  ["sep", "[SEP]"],
  ["pad", "<pad>"],
  ["cls", "[CLS]"],
  ["mask", "[MASK]"],
];

const ROBERTA_ROLES: [SpecialRole, string][] = [
  ["bos", "<s>"],
  ["eos", "</s>"],
  ["unk", "<unk>"],
  ["sep", "</s>"],
  ["pad", "<pad>"],
  ["cls", "<s>"],
  ["mask", "<mask>"],
];

const WHITESPACE_SPLIT: PartDescription = { type: "WhitespaceSplit" };
const NFKD: PartDescription = { type: "NFKD" };
const STRIP_ACCENTS: PartDescription = { type: "StripAccents" };
const LOWERCASE: PartDescription = { type: "Lowercase" };
const QUOTES: PartDescription[] = [replace({ String: "``" }, '"'), replace({ String: "''" }, '"')];

const albert: SentencePieceFamily = {
  algorithm: "unigram",
  roles: BERT_ROLES,
  unknownId: 1,
  normalizer: (model, settings) =>
    sequence([
      ...QUOTES,
      ...(settings.boolean("keep_accents", false) ? [] : [NFKD, STRIP_ACCENTS]),
      ...(settings.boolean("do_lower_case", true) ? [LOWERCASE] : []),
      ...precompiled(model),
    ]),
  preTokenizer: wordsThenMetaspace,
  decoder: prefixedMetaspace,
  single: "cls:0 A:0 sep:0",
  pair: "cls:0 A:0 sep:0 B:1 sep:1",
};

const bigBird: SentencePieceFamily = {
  algorithm: "unigram",
  roles: [["bos", "<s>"], ["eos", "</s>"], ...BERT_ROLES.slice(2)],
  maskStripsLeft: true,
  normalizer: () =>
    sequence([{ type: "Strip", strip_left: false, strip_right: false }, replace({ Regex: " {2,}" }, "▁")]),
  preTokenizer: prefixedMetaspace,
  decoder: prefixedMetaspace,
  single: albert.single,
  pair: albert.pair,
};

const remBert: SentencePieceFamily = {
  ...albert,
  unknownId: 2,
  normalizer: (model, settings) =>
    sequence([
      ...QUOTES,
      replace({ Regex: " {2,}" }, " "),
      ...(settings.boolean("keep_accents", true) ? [] : [NFKD, STRIP_ACCENTS]),
      ...(settings.boolean("do_lower_case", false) ? [LOWERCASE] : []),
      ...precompiled(model),
    ]),
  preTokenizer: prefixedMetaspace,
};

/** Ids as fairseq gave them: control tokens first, in an order of their own, and the mask last. */
const xlmRoberta: SentencePieceFamily = {
  algorithm: "unigram",
  roles: ROBERTA_ROLES,
  vocabulary: (roles) => ({
    first: (["bos", "pad", "eos", "unk"] as const).map((role) => [roles.get(role)!, 0]),
    dropped: 3,
    last: [[roles.get("mask")!, 0]],
  }),
  unknownId: 3,
  normalizer: (model) => precompiled(model)[0],
  preTokenizer: wordsThenMetaspace,
  decoder: prefixedMetaspace,
  single: "bos:0 A:0 eos:0",
  pair: "bos:0 A:0 eos:0 eos:0 B:0 eos:0",
};

const camembert: SentencePieceFamily = {
  ...xlmRoberta,
  maskStripsLeft: true,
  vocabulary: (roles) => ({
    first: [
      ["<s>NOTUSED", 0],
      [roles.get("pad")!, 0],
      ["</s>NOTUSED", 0],
      [roles.get("unk")!, 0],
      ["<unk>NOTUSED", -100],
    ],
    dropped: 1,
    last: [[roles.get("mask")!, 0]],
  }),
};

const debertaV2: SentencePieceFamily = {
  algorithm: "unigram",
  roles: BERT_ROLES.map(([role, text]) => [role, text === "<unk>" ? "[UNK]" : text === "<pad>" ? "[PAD]" : text]),
  normalizer: (_model, settings) =>
    sequence([
      ...(settings.boolean("do_lower_case", false) ? [LOWERCASE] : []),
      replace({ Regex: "\\s{2,}|[\\n\\r\\t]" }, " "),
      { type: "NFC" },
      { type: "Strip", strip_left: false, strip_right: true },
    ]),
  preTokenizer: (settings) => ({
    type: "Sequence",
    pretokenizers: [
      ...(settings.boolean("split_by_punct", false) ? [{ type: "Punctuation", behavior: "Isolated" }] : []),
      metaspace(settings.boolean("add_prefix_space", true) ? "always" : "first"),
    ],
  }),
  decoder: (settings) => metaspace(settings.boolean("add_prefix_space", true) ? "always" : "first"),
  single: albert.single,
  pair: albert.pair,
};

const t5: SentencePieceFamily = {
  algorithm: "unigram",
  roles: [
    ["eos", "</s>"],
    ["unk", "<unk>"],
    ["pad", "<pad>"],
  ],
  vocabulary: (_roles, settings) => {
    const extraIds = settings.count("extra_ids", 100);
    if (extraIds > 10_000) throw settings.error("extra_ids", `is ${extraIds}; expected at most 10000.`);
    return {
      first: [],
      dropped: 0,
      last: Array.from({ length: extraIds }, (_, i) => [`<extra_id_${extraIds - 1 - i}>`, 0]),
      lastAreSpecial: true,
    };
  },
  unknownId: 2,
  normalizer: xlmRoberta.normalizer,
  preTokenizer: () => wordsThenPrefix("always"),
  decoder: () => metaspace("always"),
  single: "A:0 eos:0",
  pair: "A:0 eos:0 B:0 eos:0",
};

const xlnet: SentencePieceFamily = {
  algorithm: "unigram",
  roles: [
    ["bos", "<s>"],
    ["eos", "</s>"],
    ["unk", "<unk>"],
    ["sep", "<sep>"],
    ["pad", "<pad>"],
    ["cls", "<cls>"],
    ["mask", "<mask>"],
  ],
  normalizer: (model, settings) =>
    sequence([
      ...QUOTES,
      NFKD,
      STRIP_ACCENTS,
      ...(settings.boolean("do_lower_case", false) ? [LOWERCASE] : []),
      ...precompiled(model),
    ]),
  preTokenizer: () => wordsThenPrefix("always"),
  decoder: () => metaspace("always"),
  single: "A:0 sep:0 cls:2",
  pair: "A:0 sep:0 B:1 sep:1 cls:2",
};

const llama: SentencePieceFamily = {
  algorithm: "bpe",
  roles: [
    ["unk", "<unk>"],
    ["bos", "<s>"],
    ["eos", "</s>"],
  ],
  normalizer: () => undefined,
  preTokenizer: (settings) => ({ ...metaspace(llamaPrefix(settings)), split: false }),
  decoder: (settings) => ({
    type: "Sequence",
    decoders: [
      replace({ String: "▁" }, " "),
      { type: "ByteFallback" },
      { type: "Fuse" },
      ...(settings.boolean("add_prefix_space", true) ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : []),
    ],
  }),
  single: "A:0",
  pair: "A:0 B:1",
};

/** Families by the name of their tokenizer in transformers. */
export const SENTENCE_PIECE_FAMILIES: Record<string, SentencePieceFamily> = {
  AlbertTokenizer: albert,
  BigBirdTokenizer: bigBird,
  CamembertTokenizer: camembert,
  DebertaV2Tokenizer: debertaV2,
  FNetTokenizer: albert,
  LlamaTokenizer: llama,
  MT5Tokenizer: t5,
  RemBertTokenizer: remBert,
  T5Tokenizer: t5,
  XLMRobertaTokenizer: xlmRoberta,
  XLNetTokenizer: xlnet,
};

function replace(pattern: { String: string } | { Regex: string }, content: string): PartDescription {
  return { type: "Replace", pattern, content };
}

function sequence(normalizers: PartDescription[]): PartDescription {
  return { type: "Sequence", normalizers };
}

function precompiled(model: SentencePieceModel): PartDescription[] {
  const { precompiledCharsmap } = model;
  return precompiledCharsmap.length === 0 ? [] : [{ type: "Precompiled", precompiled_charsmap: precompiledCharsmap }];
}

function metaspace(prependScheme: "always" | "first" | "never"): PartDescription {
  return { type: "Metaspace", replacement: "▁", prepend_scheme: prependScheme, split: true };
}

function prefixedMetaspace(settings: Fields): PartDescription {
  return metaspace(settings.boolean("add_prefix_space", true) ? "always" : "never");
}

function wordsThenPrefix(prependScheme: "always" | "never"): PartDescription {
  return { type: "Sequence", pretokenizers: [WHITESPACE_SPLIT, metaspace(prependScheme)] };
}

function wordsThenMetaspace(settings: Fields): PartDescription {
  return wordsThenPrefix(settings.boolean("add_prefix_space", true) ? "always" : "never");
}

function llamaPrefix(settings: Fields): "always" | "first" | "never" {
  if (!settings.boolean("add_prefix_space", true)) return "never";
  return settings.boolean("legacy", false) ? "always" : "first";
}

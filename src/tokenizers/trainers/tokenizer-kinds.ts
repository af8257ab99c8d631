import type { PartDescription } from "../sentence-piece-families.ts";
import type { SpecialRole } from "../special-tokens.ts";

/** Families of tokenizers that can be trained. */
export const TOKENIZER_KINDS = ["word-piece", "byte-pair", "byte-level", "unigram"] as const;
export type TokenizerKind = (typeof TOKENIZER_KINDS)[number];

/** What a family does around its model, in the terms of tokenizer.json. */
export interface KindParts {
  /** In the order of their ids. */
  readonly specialTokens: readonly (readonly [content: string, ...roles: SpecialRole[]])[];
  readonly normalizer: PartDescription | null;
  readonly preTokenizer: PartDescription;
  readonly postProcessor: PartDescription;
  readonly decoder: PartDescription;
  readonly givesTypeIds: boolean;
}

const BERT_TOKENS: KindParts["specialTokens"] = [
  ["[PAD]", "pad"],
  ["[UNK]", "unk"],
  ["[CLS]", "cls"],
  ["[SEP]", "sep"],
  ["[MASK]", "mask"],
];
/** Ids of [CLS] and [SEP] in all families that frame texts with these. */
const [CLS_ID, SEP_ID] = [2, 3];

const METASPACE = { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true };

/** Marks the last token of a word in plain byte-pair encoding, as Sennrich et al. 2016 do. */
export const END_SUFFIX = "</w>";

/** @param continuingPrefix - of word-piece */
export function partsOf(kind: TokenizerKind, lowercase: boolean, continuingPrefix: string): KindParts {
  const lower = lowercase ? [{ type: "Lowercase" }] : [];
  switch (kind) {
    case "word-piece": // BERT
      return {
        specialTokens: BERT_TOKENS,
        normalizer: {
          type: "BertNormalizer",
          clean_text: true,
          handle_chinese_chars: true,
          strip_accents: lowercase,
          lowercase,
        },
        preTokenizer: { type: "BertPreTokenizer" },
        postProcessor: bertTemplate(),
        decoder: { type: "WordPiece", prefix: continuingPrefix, cleanup: true },
        givesTypeIds: true,
      };
    case "byte-pair":
      return {
        specialTokens: BERT_TOKENS,
        normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, ...lower] },
        preTokenizer: { type: "BertPreTokenizer" },
        postProcessor: bertTemplate(),
        decoder: { type: "BPEDecoder", suffix: END_SUFFIX },
        givesTypeIds: true,
      };
    case "byte-level": // RoBERTa
      return {
        specialTokens: [
          ["<s>", "bos", "cls"],
          ["<pad>", "pad"],
          ["</s>", "eos", "sep"],
          ["<unk>", "unk"],
          ["<mask>", "mask"],
        ],
        normalizer: lowercase ? { type: "Lowercase" } : null,
        preTokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
        postProcessor: {
          type: "RobertaProcessing",
          sep: ["</s>", 2],
          cls: ["<s>", 0],
          trim_offsets: true,
          add_prefix_space: false,
        },
        decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
        givesTypeIds: false,
      };
    case "unigram": // ALBERT, with NFKC in the place of a compiled table
      return {
        specialTokens: [
          ["<pad>", "pad"],
          ["<unk>", "unk"],
          ["[CLS]", "cls"],
          ["[SEP]", "sep"],
          ["[MASK]", "mask"],
        ],
        normalizer: {
          type: "Sequence",
          normalizers: [
            { type: "NFKC" },
            ...lower,
            { type: "Replace", pattern: { Regex: "\\s{2,}|[\\n\\r\\t]" }, content: " " },
            { type: "Strip", strip_left: false, strip_right: true },
          ],
        },
        preTokenizer: METASPACE,
        postProcessor: bertTemplate(),
        decoder: METASPACE,
        givesTypeIds: true,
      };
  }
}

/** [CLS] A [SEP], and [CLS] A [SEP] B [SEP] with other type ids for B. */
function bertTemplate(): PartDescription {
  const special = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const text = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  const single = [special("[CLS]", 0), text("A", 0), special("[SEP]", 0)];
  const stated = (id: string, number: number) => [id, { id, ids: [number], tokens: [id] }];
  return {
    type: "TemplateProcessing",
    single,
    pair: [...single, text("B", 1), special("[SEP]", 1)],
    special_tokens: Object.fromEntries([stated("[CLS]", CLS_ID), stated("[SEP]", SEP_ID)]),
  };
}

import { TokenizerError } from "../errors.ts";
import { type AddedTokenEntry, AddedVocabulary } from "./added-vocabulary.ts";
import { WordPieceDecoder } from "./decoders/word-piece-decoder.ts";
import { BertNormalizer } from "./normalizers/bert-normalizer.ts";
import { type PostProcessor, sequencePart, specialPart, type Template } from "./post-processor.ts";
import { BertPreTokenizer } from "./pre-tokenizers/bert-pre-tokenizer.ts";
import { namedSpecialTokens, type SpecialRole } from "./special-tokens.ts";
import { plainEntry, type TokenizerConfig } from "./tokenizer-config.ts";
import { decodeText } from "./tokenizer-files.ts";
import type { TokenizerParts } from "./tokenizer-parts.ts";
import { Vocabulary } from "./vocabulary.ts";
import { WordPiece } from "./word-piece.ts";

/** Special tokens of tokenizers that read a vocab.txt, by tokenizer class; all others use BERT's. */
const DEFAULT_ROLES: Record<string, [SpecialRole, AddedTokenEntry][]> = {
  MPNetTokenizer: [
    ["bos", plainEntry("<s>", true)],
    ["eos", plainEntry("</s>", true)],
    ["unk", plainEntry("[UNK]", true)],
    ["sep", plainEntry("</s>", true)],
    ["pad", plainEntry("<pad>", true)],
    ["cls", plainEntry("<s>", true)],
    ["mask", { ...plainEntry("<mask>", true), stripsLeft: true }],
  ],
};

const BERT_ROLES: [SpecialRole, AddedTokenEntry][] = [
  ["unk", plainEntry("[UNK]", true)],
  ["sep", plainEntry("[SEP]", true)],
  ["pad", plainEntry("[PAD]", true)],
  ["cls", plainEntry("[CLS]", true)],
  ["mask", plainEntry("[MASK]", true)],
];

/**
 * BERT's tokenizer from its vocab.txt: one token a line, in the order of their ids, or lines of token, TAB and id.
 *
 * @throws TokenizerError when the vocabulary is not of this form or lacks the unknown token.
 */
export function readWordPiece(bytes: Uint8Array, config: TokenizerConfig): TokenizerParts {
  const vocabulary = readVocabulary(bytes);
  const roles = new Map([...(DEFAULT_ROLES[config.className ?? ""] ?? BERT_ROLES), ...config.roles]);
  const model = new WordPiece(vocabulary, { unknownToken: roles.get("unk")!.content });
  const lowercase = config.fields.boolean("do_lower_case", true);
  const normalizer = new BertNormalizer({
    lowercase,
    stripAccents: config.fields.boolean("strip_accents", lowercase),
    separateIdeographs: config.fields.boolean("tokenize_chinese_chars", true),
  });
  const added = new AddedVocabulary([...config.added, ...roles.values()], model, normalizer);
  const specialTokens = namedSpecialTokens(roles, (token) => added.idOf(token));
  return {
    model,
    normalizer,
    preTokenizer: new BertPreTokenizer(),
    added,
    postProcessor: postProcessor(specialTokens.cls!.id, specialTokens.sep!.id, config.className === "MPNetTokenizer"),
    decoder: new WordPieceDecoder(),
    specialTokens,
    maxLength: config.maxLength,
    truncationLength: undefined,
  };
}

function readVocabulary(bytes: Uint8Array): Vocabulary {
  const lines = decodeText("vocab.txt", bytes).split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  if (lines.length === 0) throw new TokenizerError("vocab.txt is empty; expected one token a line.");
  const vocabulary = new Vocabulary("vocab.txt");
  const hasIds = lines.every((line) => /\t\d+$/.test(line));
  lines.forEach((line, i) => {
    if (!hasIds) vocabulary.add(line, i);
    else vocabulary.add(line.slice(0, line.lastIndexOf("\t")), Number(line.slice(line.lastIndexOf("\t") + 1)));
  });
  return vocabulary;
}

/** BERT: [CLS] A [SEP] B [SEP], where B has type 1. MPNet: as RoBERTa, <s> A </s></s> B </s>, all of type 0. */
function postProcessor(cls: number, sep: number, isMpnet: boolean): PostProcessor {
  const single: Template = [specialPart([cls], 0), sequencePart(0, 0), specialPart([sep], 0)];
  const second = isMpnet
    ? [specialPart([sep], 0), sequencePart(1, 0), specialPart([sep], 0)]
    : [sequencePart(1, 1), specialPart([sep], 1)];
  return { single, pair: [...single, ...second], trimming: undefined };
}

import { TokenizerError } from "../errors.ts";
import type { AddedTokenEntry } from "./added-vocabulary.ts";
import { describeAdded } from "./describe-added.ts";
import type { TokenizerDescription } from "./describe-sentence-piece.ts";
import type { SpecialRole } from "./special-tokens.ts";
import { plainEntry, type TokenizerConfig } from "./tokenizer-config.ts";
import { decodeText } from "./tokenizer-files.ts";

const BERT_ROLES: [SpecialRole, AddedTokenEntry][] = [
  ["unk", plainEntry("[UNK]", true)],
  ["sep", plainEntry("[SEP]", true)],
  ["pad", plainEntry("[PAD]", true)],
  ["cls", plainEntry("[CLS]", true)],
  ["mask", plainEntry("[MASK]", true)],
];

/** MPNet keeps RoBERTa's special tokens in a vocabulary of BERT's form. */
const MPNET_ROLES: [SpecialRole, AddedTokenEntry][] = [
  ["bos", plainEntry("<s>", true)],
  ["eos", plainEntry("</s>", true)],
  ["unk", plainEntry("[UNK]", true)],
  ["sep", plainEntry("</s>", true)],
  ["pad", plainEntry("<pad>", true)],
  ["cls", plainEntry("<s>", true)],
  ["mask", { ...plainEntry("<mask>", true), stripsLeft: true }],
];

/**
 * Describes BERT's tokenizer on a vocab.txt: one token a line, in the order of their ids, or lines of token, TAB and id.
 *
 * @throws TokenizerError when the file is not of this form or lacks the special tokens that frame a text.
 */
export function describeWordPiece(bytes: Uint8Array, config: TokenizerConfig): TokenizerDescription {
  const isMpnet = config.className === "MPNetTokenizer";
  const vocabulary = readLines(bytes);
  const roles = new Map([...(isMpnet ? MPNET_ROLES : BERT_ROLES), ...config.roles]);
  const [cls, sep] = (["cls", "sep"] as const).map((role): [string, number] => {
    const { content } = roles.get(role)!;
    const id = vocabulary.get(content);
    if (id !== undefined) return [content, id];
    throw new TokenizerError(
      `vocab.txt lacks ${JSON.stringify(content)}, which stands around every text (${role}_token).`,
    );
  });
  const { fields } = config;
  const lowercase = fields.boolean("do_lower_case", true);
  return {
    added_tokens: describeAdded(roles.values(), config, vocabulary),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: fields.boolean("tokenize_chinese_chars", true),
      strip_accents: fields.boolean("strip_accents", lowercase),
      lowercase,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: isMpnet
      ? { type: "RobertaProcessing", cls, sep, trim_offsets: false }
      : { type: "BertProcessing", cls, sep },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      vocab: Object.fromEntries(vocabulary),
      unk_token: roles.get("unk")!.content,
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
    },
  };
}

function readLines(bytes: Uint8Array): Map<string, number> {
  const lines = decodeText("vocab.txt", bytes).split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const hasIds = lines.every((line) => /\t\d+$/.test(line));
  return new Map(
    lines.map((line, i) => {
      const tab = line.lastIndexOf("\t");
      return hasIds ? [line.slice(0, tab), Number(line.slice(tab + 1))] : [line, i];
    }),
  );
}

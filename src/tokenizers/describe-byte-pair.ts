import { TokenizerError } from "../errors.ts";
import type { AddedTokenEntry } from "./added-vocabulary.ts";
import { describeAdded } from "./describe-added.ts";
import type { TokenizerDescription } from "./describe-sentence-piece.ts";
import { parseMergesFile } from "./merges.ts";
import type { PartDescription } from "./sentence-piece-families.ts";
import type { SpecialRole } from "./special-tokens.ts";
import { plainEntry, type TokenizerConfig } from "./tokenizer-config.ts";
import { decodeText, parseJson } from "./tokenizer-files.ts";

/** How a family uses a byte-level vocabulary. */
interface BytePairFamily {
  readonly roles: [SpecialRole, AddedTokenEntry][];
  /** Special tokens that frame a text, `[token, id]`. */
  readonly postProcessor: (cls: [string, number], sep: [string, number], prefixSpace: boolean) => PartDescription;
}

const roberta: BytePairFamily = {
  roles: [
    ["bos", plainEntry("<s>", true)],
    ["eos", plainEntry("</s>", true)],
    ["unk", plainEntry("<unk>", true)],
    ["sep", plainEntry("</s>", true)],
    ["pad", plainEntry("<pad>", true)],
    ["cls", plainEntry("<s>", true)],
    ["mask", { ...plainEntry("<mask>", true), stripsLeft: true }],
  ],
  postProcessor: (cls, sep, add_prefix_space) => ({
    type: "RobertaProcessing",
    cls,
    sep,
    trim_offsets: true,
    add_prefix_space,
  }),
};

const deberta: BytePairFamily = {
  roles: [
    ["unk", plainEntry("[UNK]", true)],
    ["sep", plainEntry("[SEP]", true)],
    ["pad", plainEntry("[PAD]", true)],
    ["cls", plainEntry("[CLS]", true)],
    ["mask", { ...plainEntry("[MASK]", true), stripsLeft: true }],
  ],
  postProcessor: (cls, sep) => ({ type: "BertProcessing", cls, sep }),
};

const gpt2: BytePairFamily = {
  roles: [
    ["unk", plainEntry("<|endoftext|>", true)],
    ["bos", plainEntry("<|endoftext|>", true)],
    ["eos", plainEntry("<|endoftext|>", true)],
  ],
  postProcessor: () => ({ type: "ByteLevel", trim_offsets: false, add_prefix_space: false, use_regex: true }),
};

const FAMILIES: Record<string, BytePairFamily> = {
  BartTokenizer: roberta,
  DebertaTokenizer: deberta,
  GPT2Tokenizer: gpt2,
  LEDTokenizer: roberta,
  LongformerTokenizer: roberta,
  RobertaTokenizer: roberta,
};

/**
 * Describes the byte-level tokenizer of a vocab.json and its merges.txt.
 *
 * @throws TokenizerError for an unknown family, or a vocabulary that lacks the tokens that frame a text.
 */
export function describeBytePair(
  vocabulary: Uint8Array,
  merges: Uint8Array,
  config: TokenizerConfig,
): TokenizerDescription {
  const entries = parseJson("vocab.json", vocabulary);
  const ids = new Map(entries.keys().map((token): [string, number] => [token, entries.count(token)]));
  const family = chooseFamily(ids, config.className);
  const roles = new Map([...family.roles, ...config.roles]);
  const prefixSpace = config.fields.boolean("add_prefix_space", false);
  const framing = (role: SpecialRole): [string, number] => {
    const { content } = roles.get(role) ?? roles.get("eos")!;
    const id = ids.get(content);
    if (id === undefined) throw new TokenizerError(`vocab.json lacks ${JSON.stringify(content)} (${role}_token).`);
    return [content, id];
  };
  return {
    added_tokens: describeAdded(roles.values(), config, ids),
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: prefixSpace, trim_offsets: true, use_regex: true },
    post_processor: family.postProcessor(framing("cls"), framing("sep"), prefixSpace),
    decoder: { type: "ByteLevel", add_prefix_space: prefixSpace, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      vocab: Object.fromEntries(ids),
      merges: parseMergesFile(decodeText("merges.txt", merges), "merges.txt"),
    },
  };
}

/** By the tokenizer's name, else by the special tokens that the vocabulary has. */
function chooseFamily(ids: ReadonlyMap<string, number>, className: string | undefined): BytePairFamily {
  if (className !== undefined) {
    if (Object.hasOwn(FAMILIES, className)) return FAMILIES[className]!;
    throw new TokenizerError(
      `tokenizer_config.json: tokenizer_class is ${JSON.stringify(className)}; with vocab.json and merges.txt these are ` +
        `known: ${Object.keys(FAMILIES).join(", ")}. Save the tokenizer as tokenizer.json.`,
    );
  }
  if (ids.has("<s>") && ids.has("</s>")) return roberta;
  return ids.has("[CLS]") ? deberta : gpt2;
}

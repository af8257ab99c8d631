import type { TokenizerDescription } from "../describe-sentence-piece.ts";
import type { PartDescription } from "../sentence-piece-families.ts";
import type { KindParts } from "./tokenizer-kinds.ts";
import type { SettledOptions } from "./training-options.ts";

/** What was learned. */
export type TrainedModel =
  | { readonly kind: "word-piece"; readonly tokens: readonly string[]; readonly continuingPrefix: string }
  | {
      readonly kind: "byte-pair" | "byte-level";
      readonly tokens: readonly string[];
      readonly merges: readonly (readonly [string, string])[];
      readonly endSuffix: string;
    }
  | { readonly kind: "unigram"; readonly pieces: readonly (readonly [string, number])[] };

/** A longer word, in characters, is unknown, as in BERT. */
const MAX_WORD_CHARACTERS = 100;

/** The object of tokenizer.json. @param reserved - the special tokens, by id. */
export function describeTrained(
  parts: KindParts,
  reserved: readonly string[],
  model: TrainedModel,
): TokenizerDescription & { version: string; truncation: null; padding: null } {
  const added = reserved.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: content === "<mask>", // RoBERTa's takes the space before it
    rstrip: false,
    normalized: false,
    special: true,
  }));
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: parts.normalizer,
    pre_tokenizer: parts.preTokenizer,
    post_processor: parts.postProcessor,
    decoder: parts.decoder,
    model: describeModel(model, parts),
  };
}

function describeModel(model: TrainedModel, { specialTokens }: KindParts): PartDescription {
  const unknownId = specialTokens.findIndex(([, ...roles]) => roles.includes("unk"));
  const unknown = specialTokens[unknownId]![0];
  switch (model.kind) {
    case "word-piece":
      return {
        type: "WordPiece",
        unk_token: unknown,
        continuing_subword_prefix: model.continuingPrefix,
        max_input_chars_per_word: MAX_WORD_CHARACTERS,
        vocab: idsOf(model.tokens),
      };
    case "unigram":
      return { type: "Unigram", unk_id: unknownId, vocab: model.pieces, byte_fallback: false };
    default:
      return {
        type: "BPE",
        dropout: null,
        unk_token: model.kind === "byte-level" ? null : unknown,
        continuing_subword_prefix: null,
        end_of_word_suffix: model.endSuffix === "" ? null : model.endSuffix,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: idsOf(model.tokens),
        merges: model.merges,
      };
  }
}

/** No prototype: a token may be called "__proto__". */
function idsOf(tokens: readonly string[]): { [token: string]: number } {
  const ids: { [token: string]: number } = Object.create(null);
  tokens.forEach((token, id) => {
    ids[token] = id;
  });
  return ids;
}

/** The object of tokenizer_config.json. */
export function describeConfiguration({ specialTokens, givesTypeIds }: KindParts, settled: SettledOptions): object {
  const roles = specialTokens.flatMap(([content, ...roles]) => roles.map((role) => [`${role}_token`, content]));
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    model_max_length: settled.maxLength,
    model_input_names: ["input_ids", ...(givesTypeIds ? ["token_type_ids"] : []), "attention_mask"],
    ...Object.fromEntries(roles),
    ...(settled.specialTokens.length > 0 ? { additional_special_tokens: settled.specialTokens } : {}),
  };
}

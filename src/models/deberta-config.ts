import {
  type ConfigField,
  choice,
  count,
  flag,
  integer,
  optional,
  positive,
  probability,
  Refusal,
  size,
  tokenId,
} from "../checkpoints/config-fields.ts";
import { below, divides } from "../checkpoints/config-reader.ts";
import { activationName } from "./activation-names.ts";

/** Which terms join content to content in the scores. */
export type PositionTerm = "c2p" | "p2c";

/** `pos_att_type`: a list, or one string joined by "|". */
const positionTerms: ConfigField<readonly PositionTerm[]> = {
  keys: ["pos_att_type"],
  fallback: [],
  changesMaths: true,
  parse(value) {
    const names =
      typeof value === "string"
        ? value
            .toLowerCase()
            .split("|")
            .map((name) => name.trim())
        : value;
    const known = Array.isArray(names) && names.every((name) => name === "c2p" || name === "p2c");
    return known ? (names as PositionTerm[]) : new Refusal('known terms: "c2p", "p2c"');
  },
};

/** The keys that both generations of DeBERTa share. */
export const debertaFields = {
  vocabularySize: size("vocab_size", 50265),
  hiddenSize: size("hidden_size", 768),
  /** Default: the hidden size. */
  embeddingSize: optional(size("embedding_size")),
  layers: count("num_hidden_layers", 12),
  heads: count("num_attention_heads", 12),
  feedForwardSize: size("intermediate_size", 3072),
  activation: activationName("hidden_act", "gelu"),
  maxPositions: size("max_position_embeddings", 512),
  types: integer("type_vocab_size", 0, 0, 2 ** 16),
  normEpsilon: positive("layer_norm_eps", 1e-7),
  hasRelativeAttention: flag("relative_attention", false),
  /** -1: as many as positions. */
  maxDistance: integer("max_relative_positions", -1, -1, 2 ** 20),
  positionTerms,
  hasPositionEmbeddings: flag("position_biased_input", true),
  /** Which of the two masked-word heads: `cls.predictions`, or `lm_predictions`. */
  hasLegacyHead: flag("legacy", true),
  poolerActivation: activationName("pooler_hidden_act", "gelu"),
  poolerDropout: probability("pooler_dropout", 0),
  hiddenDropout: probability("hidden_dropout_prob", 0.1),
  attentionDropout: probability("attention_probs_dropout_prob", 0.1),
  initializerRange: positive("initializer_range", 0.02),
  padId: tokenId("pad_token_id", 0),
} as const;

export const debertaRules = [divides("heads", "hiddenSize"), below("padId", "vocabularySize")] as const;

/** `norm_rel_ebd`: whether the table of relative positions is normed. */
export const relativeNorm = choice("norm_rel_ebd", ["none", "layer_norm"], "none");

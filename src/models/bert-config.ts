import { count, only, positive, probability, size, tokenId } from "../checkpoints/config-fields.ts";
import { below, divides } from "../checkpoints/config-reader.ts";
import { activationName } from "./activation-names.ts";

/** The keys that all of BERT's line share, with BERT-base's defaults. */
export const bertFields = {
  vocabularySize: size("vocab_size", 30522),
  hiddenSize: size("hidden_size", 768),
  layers: count("num_hidden_layers", 12),
  heads: count("num_attention_heads", 12),
  feedForwardSize: size("intermediate_size", 3072),
  activation: activationName("hidden_act", "gelu"),
  maxPositions: size("max_position_embeddings", 512),
  types: size("type_vocab_size", 2),
  normEpsilon: positive("layer_norm_eps", 1e-12),
  initializerRange: positive("initializer_range", 0.02),
  hiddenDropout: probability("hidden_dropout_prob", 0.1),
  attentionDropout: probability("attention_probs_dropout_prob", 0.1),
  padId: tokenId("pad_token_id", 0),
  positionType: only("position_embedding_type", "absolute"),
} as const;

export const bertRules = [divides("heads", "hiddenSize"), below("padId", "vocabularySize")] as const;

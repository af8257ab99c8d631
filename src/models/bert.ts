import { optional, probability } from "../checkpoints/config-fields.ts";
import { defineConfig } from "../checkpoints/config-reader.ts";
import { layerNorm } from "../nn/norm.ts";
import { defineArchitecture } from "./architecture.ts";
import { bertFields, bertRules } from "./bert-config.ts";
import { encodeLayers, sumEmbeddings } from "./bert-encoder.ts";
import { bertHeads, bertTies } from "./bert-heads.ts";

/**
 * BERT: word, position and segment embeddings, then post-norm blocks in which every position sees every other.
 * Also MiniLM, BGE, E5, GTE v1 and most other small embedding models.
 * Source: arXiv 1810.04805; transformers, models/bert/modeling_bert.py.
 */
export const bert = defineArchitecture({
  name: "bert",
  prefix: "bert",
  config: defineConfig({ ...bertFields, classifierDropout: optional(probability("classifier_dropout")) }, bertRules),
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    const sum = sumEmbeddings(p.at("embeddings"), config, config.hiddenSize, inputs);
    const embedded = inputs.dropout(layerNorm(p.at("embeddings.LayerNorm"), sum, config.normEpsilon));
    return encodeLayers(p.at("encoder"), embedded, config, inputs);
  },
  heads: bertHeads("bert"),
  ...bertTies("bert"),
});

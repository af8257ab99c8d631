import { optional, probability, tokenId } from "../checkpoints/config-fields.ts";
import { defineConfig } from "../checkpoints/config-reader.ts";
import { layerNorm } from "../nn/norm.ts";
import { type Architecture, defineArchitecture } from "./architecture.ts";
import { bertFields, bertRules } from "./bert-config.ts";
import { encodeLayers, sumEmbeddings } from "./bert-encoder.ts";
import { robertaHeads, robertaTies } from "./roberta-heads.ts";

/** RoBERTa's config: BERT's keys, whose positions start after the padding id. */
export const robertaConfig = defineConfig(
  {
    ...bertFields,
    padId: tokenId("pad_token_id", 1),
    classifierDropout: optional(probability("classifier_dropout")),
  },
  bertRules,
);

/**
 * RoBERTa and the families that only renamed it: XLM-RoBERTa and CamemBERT differ in their tokenizers, data2vec (arXiv
 * 2202.03555) in how it was trained. BERT's blocks; positions count from the padding id + 1, so that a table of 514 reads 512 tokens.
 * Source: arXiv 1907.11692; transformers, models/roberta/modeling_roberta.py.
 */
function robertaLike(name: string, prefix = "roberta"): Architecture {
  return defineArchitecture({
    name,
    prefix,
    config: robertaConfig,
    positionsAfter: ({ padId = 1 }) => padId,
    maxLength: ({ maxPositions, padId = 1 }) => maxPositions - padId - 1,
    encode(p, config, inputs) {
      const sum = sumEmbeddings(p.at("embeddings"), config, config.hiddenSize, inputs);
      const embedded = inputs.dropout(layerNorm(p.at("embeddings.LayerNorm"), sum, config.normEpsilon));
      return encodeLayers(p.at("encoder"), embedded, config, inputs);
    },
    heads: robertaHeads(prefix),
    ...robertaTies(prefix),
  });
}

export const roberta = robertaLike("roberta");
export const xlmRoberta = robertaLike("xlm-roberta");
export const camembert = robertaLike("camembert");
export const data2vecText = robertaLike("data2vec-text", "data2vec_text");

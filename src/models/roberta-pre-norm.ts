import { layerNorm } from "../nn/norm.ts";
import { defineArchitecture } from "./architecture.ts";
import { sumEmbeddings } from "./bert-encoder.ts";
import { encodePreNormLayers } from "./pre-norm-encoder.ts";
import { robertaConfig } from "./roberta.ts";
import { robertaHeads, robertaTies } from "./roberta-heads.ts";

/**
 * RoBERTa with its norms before each half of a block.
 * Source: arXiv 1904.01038; transformers, models/roberta_prelayernorm/modeling_roberta_prelayernorm.py.
 */
export const robertaPreLayerNorm = defineArchitecture({
  name: "roberta-prelayernorm",
  prefix: "roberta_prelayernorm",
  config: robertaConfig,
  positionsAfter: ({ padId = 1 }) => padId,
  maxLength: ({ maxPositions, padId = 1 }) => maxPositions - padId - 1,
  encode(p, config, inputs) {
    const sum = sumEmbeddings(p.at("embeddings"), config, config.hiddenSize, inputs);
    return encodePreNormLayers(
      p,
      inputs.dropout(layerNorm(p.at("embeddings.LayerNorm"), sum, config.normEpsilon)),
      config,
      inputs,
      {
        names: { attentionNorm: "attention.LayerNorm", feedForwardNorm: "intermediate.LayerNorm" },
        finalNorm: "LayerNorm",
      },
    );
  },
  heads: robertaHeads("roberta_prelayernorm"),
  ...robertaTies("roberta_prelayernorm"),
});

/**
 * XLM-RoBERTa-XL: RoBERTa with its norms before each half of a block and none on the embeddings.
 * Source: arXiv 2105.00572; transformers, models/xlm_roberta_xl/modeling_xlm_roberta_xl.py.
 */
export const xlmRobertaXl = defineArchitecture({
  name: "xlm-roberta-xl",
  prefix: "roberta",
  config: robertaConfig,
  positionsAfter: ({ padId = 1 }) => padId,
  maxLength: ({ maxPositions, padId = 1 }) => maxPositions - padId - 1,
  encode: (p, config, inputs) =>
    encodePreNormLayers(
      p,
      inputs.dropout(sumEmbeddings(p.at("embeddings"), config, config.hiddenSize, inputs)),
      config,
      inputs,
      {
        names: { attentionNorm: "attention.self_attn_layer_norm", feedForwardNorm: "LayerNorm" },
        finalNorm: "encoder.LayerNorm",
      },
    ),
  heads: robertaHeads("roberta"),
  ...robertaTies("roberta"),
});

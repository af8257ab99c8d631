import { count, size } from "../checkpoints/config-fields.ts";
import { defineConfig } from "../checkpoints/config-reader.ts";
import { defineArchitecture } from "./architecture.ts";
import { bertFields, bertRules } from "./bert-config.ts";
import { sumEmbeddings } from "./bert-encoder.ts";
import { bertHeads, bertTies } from "./bert-heads.ts";
import { encodePreNormLayers } from "./pre-norm-encoder.ts";

/**
 * Megatron-BERT: BERT with its norms before each half of a block and none on the embeddings.
 * Source: arXiv 1909.08053; transformers, models/megatron_bert/modeling_megatron_bert.py.
 */
export const megatronBert = defineArchitecture({
  name: "megatron-bert",
  prefix: "bert",
  config: defineConfig(
    {
      ...bertFields,
      vocabularySize: size("vocab_size", 29056),
      hiddenSize: size("hidden_size", 1024),
      layers: count("num_hidden_layers", 24),
      heads: count("num_attention_heads", 16),
      feedForwardSize: size("intermediate_size", 4096),
    },
    bertRules,
  ),
  maxLength: ({ maxPositions }) => maxPositions,
  encode: (p, config, inputs) =>
    encodePreNormLayers(
      p,
      inputs.dropout(sumEmbeddings(p.at("embeddings"), config, config.hiddenSize, inputs)),
      config,
      inputs,
      {
        names: { attentionNorm: "attention.ln", feedForwardNorm: "ln" },
        finalNorm: "encoder.ln",
      },
    ),
  heads: bertHeads("bert"),
  ...bertTies("bert"),
});

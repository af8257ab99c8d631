import { count, probability, size } from "../checkpoints/config-fields.ts";
import { type ConfigValues, defineConfig } from "../checkpoints/config-reader.ts";
import type { Value } from "../engine/graph.ts";
import { activation } from "../engine/ops/elementwise.ts";
import { gatherRows } from "../engine/ops/embedding.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import { defineArchitecture, type HeadContext } from "./architecture.ts";
import { bertFields, bertRules } from "./bert-config.ts";
import { encodeLayers, sumEmbeddings } from "./bert-encoder.ts";
import { bertHeads } from "./bert-heads.ts";

const config = defineConfig(
  {
    ...bertFields,
    vocabularySize: size("vocab_size", 250300),
    hiddenSize: size("hidden_size", 1152),
    layers: count("num_hidden_layers", 32),
    heads: count("num_attention_heads", 18),
    feedForwardSize: size("intermediate_size", 4608),
    inputSize: size("input_embedding_size", 256),
    outputSize: size("output_embedding_size", 1664),
    classifierDropout: probability("classifier_dropout_prob", 0.1),
  },
  bertRules,
);
type RemBertConfig = ConfigValues<typeof config>;
const { pretraining: _, nsp: __, ...heads } = bertHeads<RemBertConfig>("rembert");

/**
 * RemBERT: BERT's blocks with small input embeddings and large output ones, not tied.
 * Source: arXiv 2010.12821; transformers, models/rembert/modeling_rembert.py.
 */
export const rembert = defineArchitecture({
  name: "rembert",
  prefix: "rembert",
  config,
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    const sum = sumEmbeddings(p.at("embeddings"), config, config.inputSize, inputs);
    const normed = inputs.dropout(layerNorm(p.at("embeddings.LayerNorm"), sum, config.normEpsilon));
    const embedded = linear(p.at("encoder.embedding_hidden_mapping_in"), normed, config.hiddenSize);
    return encodeLayers(p.at("encoder"), embedded, config, inputs);
  },
  heads: { ...heads, mlm: (context) => ({ logits: wordLogits(context) }) },
});

/** Through the output embeddings, which stand apart from the input ones -> [S, V] */
function wordLogits({ p, config, inputs, encoded, decoder }: HeadContext<RemBertConfig>): Value {
  const { vocabularySize, outputSize, normEpsilon } = config;
  const head = p.at("cls.predictions");
  const selected = gatherRows(encoded.hidden, inputs.rows);
  const mapped = activation(linear(head.at("dense"), selected, outputSize), config.activation);
  const table = decoder("cls.predictions.decoder.weight", [vocabularySize, outputSize]);
  return linearOp(layerNorm(head.at("LayerNorm"), mapped, normEpsilon), table, {
    bias: head.bias("decoder.bias", [vocabularySize]),
  });
}

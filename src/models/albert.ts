import { count, probability, size } from "../checkpoints/config-fields.ts";
import { type ConfigValues, defineConfig, divides } from "../checkpoints/config-reader.ts";
import type { Value } from "../engine/graph.ts";
import { activation, add } from "../engine/ops/elementwise.ts";
import { gatherRows } from "../engine/ops/embedding.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import { pool } from "../engine/ops/pool.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import { type BlockResult, bertSelfAttention } from "../nn/bert-block.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import { activationName } from "./activation-names.ts";
import { defineArchitecture, type HeadContext } from "./architecture.ts";
import { bertFields, bertRules } from "./bert-config.ts";
import { sumEmbeddings } from "./bert-encoder.ts";
import { encodeBlocks } from "./encode-blocks.ts";
import { answerHead, tokenHead } from "./heads.ts";

const config = defineConfig(
  {
    ...bertFields,
    vocabularySize: size("vocab_size", 30000),
    embeddingSize: size("embedding_size", 128),
    hiddenSize: size("hidden_size", 4096),
    heads: count("num_attention_heads", 64),
    feedForwardSize: size("intermediate_size", 16384),
    activation: activationName("hidden_act", "gelu_new"),
    hiddenDropout: probability("hidden_dropout_prob", 0),
    attentionDropout: probability("attention_probs_dropout_prob", 0),
    classifierDropout: probability("classifier_dropout_prob", 0.1),
    groups: count("num_hidden_groups", 1),
    layersPerGroup: count("inner_group_num", 1),
  },
  [...bertRules, divides("groups", "layers")],
);
type AlbertConfig = ConfigValues<typeof config>;
type Context = HeadContext<AlbertConfig>;

/**
 * ALBERT: small embeddings mapped to the hidden size, and few groups of layers that all depths share.
 * Source: arXiv 1909.11942; transformers, models/albert/modeling_albert.py.
 */
export const albert = defineArchitecture({
  name: "albert",
  prefix: "albert",
  config,
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    const sum = sumEmbeddings(p.at("embeddings"), config, config.embeddingSize, inputs);
    const embedded = inputs.dropout(layerNorm(p.at("embeddings.LayerNorm"), sum, config.normEpsilon)); // [T, E]
    const mapped = linear(p.at("encoder.embedding_hidden_mapping_in"), embedded, config.hiddenSize);
    const { layers, groups, layersPerGroup } = config;
    return encodeBlocks(mapped, layers * layersPerGroup, (x, i) => {
      const group = Math.floor((Math.floor(i / layersPerGroup) * groups) / layers);
      const layer = p
        .at("encoder.albert_layer_groups")
        .at(group)
        .at("albert_layers")
        .at(i % layersPerGroup);
      return block(layer, x, inputs, config);
    });
  },
  heads: {
    base: (context) => ({ pooled: pooled(context) }),
    mlm: (context) => ({ logits: wordLogits(context) }),
    pretraining: (context) => ({
      predictionLogits: wordLogits(context),
      sopLogits: linear(context.p.at("sop_classifier.classifier"), pooled(context), context.labels),
    }),
    sequence: (context) => ({
      logits: linear(context.p.at("classifier"), context.inputs.dropout(pooled(context)), context.labels),
    }),
    choice: (context) => ({ logits: linear(context.p.at("classifier"), context.inputs.dropout(pooled(context)), 1) }),
    token: tokenHead,
    qa: ({ p, encoded }) => answerHead(p, encoded.hidden),
  },
  decoders: { "predictions.decoder.weight": "albert.embeddings.word_embeddings.weight" },
  copies: { "predictions.decoder.bias": "predictions.bias" },
});

/** BERT's block under ALBERT's names. */
function block(p: ParameterPath, x: Value, inputs: BatchInputs, config: AlbertConfig): BlockResult {
  const { hiddenSize, feedForwardSize, normEpsilon } = config;
  const { context, probabilities } = bertSelfAttention(p.at("attention"), x, inputs, config);
  const attended = add(inputs.dropout(linear(p.at("attention.dense"), context, hiddenSize)), x);
  const normed = layerNorm(p.at("attention.LayerNorm"), attended, normEpsilon);
  const inner = activation(linear(p.at("ffn"), normed, feedForwardSize), config.activation);
  const output = add(inputs.dropout(linear(p.at("ffn_output"), inner, hiddenSize)), normed);
  return { hidden: layerNorm(p.at("full_layer_layer_norm"), output, normEpsilon), probabilities };
}

/** ALBERT's pooler is a bare linear and a tanh -> [B, D] */
function pooled({ p, config, inputs, encoded }: Context): Value {
  const first = pool(encoded.hidden, inputs.offsets, "cls");
  return activation(linear(p.at("albert.pooler"), first, config.hiddenSize), "tanh");
}

/** Back to the embeddings' size, then the tied table -> [S, V] */
function wordLogits({ p, config, inputs, encoded, decoder }: Context): Value {
  const { vocabularySize, embeddingSize } = config;
  const head = p.at("predictions");
  const selected = gatherRows(encoded.hidden, inputs.rows);
  const mapped = activation(linear(head.at("dense"), selected, embeddingSize), config.activation);
  const normed = layerNorm(head.at("LayerNorm"), mapped, config.normEpsilon);
  const table = decoder("predictions.decoder.weight", [vocabularySize, embeddingSize]);
  return linearOp(normed, table, { bias: head.bias("bias", [vocabularySize]) });
}

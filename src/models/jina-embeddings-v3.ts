import { count, optional, positive, probability, size, tokenId } from "../checkpoints/config-fields.ts";
import { below, type ConfigValues, defineConfig, divides } from "../checkpoints/config-reader.ts";
import type { Value } from "../engine/graph.ts";
import { activation, add } from "../engine/ops/elementwise.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import type { BlockResult } from "../nn/bert-block.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import { stackedAttention } from "../nn/stacked-attention.ts";
import { activationName } from "./activation-names.ts";
import { defineArchitecture } from "./architecture.ts";
import { sumEmbeddings } from "./bert-encoder.ts";
import { encodeBlocks } from "./encode-blocks.ts";
import { robertaHeads, robertaTies } from "./roberta-heads.ts";
import { rotaryFields } from "./rotary-config.ts";

const config = defineConfig(
  {
    vocabularySize: size("vocab_size", 250002),
    hiddenSize: size("hidden_size", 1024),
    layers: count("num_hidden_layers", 24),
    heads: count("num_attention_heads", 16),
    feedForwardSize: size("intermediate_size", 4096),
    activation: activationName("hidden_act", "gelu"),
    maxPositions: size("max_position_embeddings", 8194),
    types: size("type_vocab_size", 1),
    normEpsilon: positive("layer_norm_eps", 1e-5),
    ...rotaryFields(20000, "rotary_emb_base"),
    initializerRange: positive("initializer_range", 0.02),
    hiddenDropout: probability("hidden_dropout_prob", 0.1),
    attentionDropout: probability("attention_probs_dropout_prob", 0.1),
    classifierDropout: optional(probability("classifier_dropout")),
    padId: tokenId("pad_token_id", 1),
  },
  [divides("heads", "hiddenSize"), below("padId", "vocabularySize")],
);
type JinaConfig = ConfigValues<typeof config>;
const { choice: _, ...heads } = robertaHeads<JinaConfig>("roberta");

/**
 * Jina embeddings v3: XLM-RoBERTa's vocabulary and heads on post-norm blocks with rotary positions. The task adapters
 * of the published repository are not part of it: checkpoints hold them merged, or apart.
 * Source: arXiv 2409.10173; transformers, models/jina_embeddings_v3/modeling_jina_embeddings_v3.py.
 */
export const jinaEmbeddingsV3 = defineArchitecture({
  name: "jina_embeddings_v3",
  prefix: "roberta",
  config,
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    const sum = sumEmbeddings(p.at("embeddings"), config, config.hiddenSize, inputs, { positions: false });
    const embedded = inputs.dropout(layerNorm(p.at("emb_ln"), sum, config.normEpsilon));
    return encodeBlocks(embedded, config.layers, (x, i) => block(p.at("encoder.layers").at(i), x, inputs, config));
  },
  heads,
  ...robertaTies("roberta"),
});

function block(p: ParameterPath, x: Value, inputs: BatchInputs, config: JinaConfig): BlockResult {
  const { hiddenSize, heads, theta, maxPositions, normEpsilon, feedForwardSize } = config;
  const stacked = linear(p.at("mixer.Wqkv"), x, 3 * hiddenSize);
  const rotary = { heads, headSize: hiddenSize / heads, theta, maxPositions };
  const { context, probabilities } = stackedAttention(stacked, inputs, { heads, rotary });
  const attended = layerNorm(
    p.at("norm1"),
    add(inputs.dropout(linear(p.at("mixer.out_proj"), context, hiddenSize)), x),
    normEpsilon,
  );
  const inner = activation(linear(p.at("mlp.fc1"), attended, feedForwardSize), config.activation);
  const output = add(inputs.dropout(linear(p.at("mlp.fc2"), inner, hiddenSize)), attended);
  return { hidden: layerNorm(p.at("norm2"), output, normEpsilon), probabilities };
}

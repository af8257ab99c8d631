import { count, integer, only, optional, positive, probability, size, tokenId } from "../checkpoints/config-fields.ts";
import { below, type ConfigValues, defineConfig, divides } from "../checkpoints/config-reader.ts";
import type { Value } from "../engine/graph.ts";
import { add, gatedUnit } from "../engine/ops/elementwise.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import type { BlockResult } from "../nn/bert-block.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import { stackedAttention } from "../nn/stacked-attention.ts";
import { activationName } from "./activation-names.ts";
import { type Architecture, defineArchitecture } from "./architecture.ts";
import { sumEmbeddings } from "./bert-encoder.ts";
import { encodeBlocks } from "./encode-blocks.ts";
import { firstTokenPooler, tokenHead } from "./heads.ts";
import { languageHead } from "./roberta-heads.ts";
import { rotaryFields } from "./rotary-config.ts";

const config = defineConfig(
  {
    vocabularySize: size("vocab_size", 250048),
    hiddenSize: size("hidden_size", 768),
    layers: count("num_hidden_layers", 12),
    heads: count("num_attention_heads", 12),
    feedForwardSize: size("intermediate_size", 3072),
    activation: activationName("hidden_act", "gelu"),
    maxPositions: size("max_position_embeddings", 8192),
    types: integer("type_vocab_size", 1, 0, 2 ** 16),
    normEpsilon: positive("layer_norm_eps", 1e-12),
    normKind: only("layer_norm_type", "layer_norm"),
    positionKind: only("position_embedding_type", "rope"),
    hasScaledAttention: only("logn_attention_scale", false),
    ...rotaryFields(160000),
    initializerRange: positive("initializer_range", 0.02),
    hiddenDropout: probability("hidden_dropout_prob", 0.1),
    attentionDropout: probability("attention_probs_dropout_prob", 0),
    classifierDropout: optional(probability("classifier_dropout")),
    padId: tokenId("pad_token_id", 1),
  },
  [divides("heads", "hiddenSize"), below("padId", "vocabularySize")],
);
type GteConfig = ConfigValues<typeof config>;

/**
 * GTE v1.5 and multilingual: post-norm blocks, rotary positions, GeGLU whose second half is the gate. Published
 * repositories call it "new" and name its tensors so.
 * Source: arXiv 2407.19669; transformers, models/gte/modeling_gte.py.
 */
function gteLike(name: string): Architecture {
  return defineArchitecture({
    name,
    prefix: name,
    config,
    maxLength: ({ maxPositions }) => maxPositions,
    encode(p, config, inputs) {
      const sum = sumEmbeddings(p.at("embeddings"), config, config.hiddenSize, inputs, { positions: false });
      const embedded = inputs.dropout(layerNorm(p.at("embeddings.LayerNorm"), sum, config.normEpsilon));
      return encodeBlocks(embedded, config.layers, (x, i) => block(p.at("encoder.layer").at(i), x, inputs, config));
    },
    heads: {
      base: () => ({}),
      mlm: ({ p, config, inputs, encoded, decoder }) => {
        const table = decoder("lm_head.decoder.weight", [config.vocabularySize, config.hiddenSize]);
        const names = { norm: "norm", bias: "decoder.bias" };
        return { logits: languageHead(p.at("lm_head"), encoded.hidden, table, config.normEpsilon, inputs, names) };
      },
      sequence: ({ p, config, inputs, encoded, labels }) => {
        const pooled = firstTokenPooler(p.at(name).at("pooler"), encoded.hidden, inputs, config.hiddenSize);
        return { logits: linear(p.at("classifier"), inputs.dropout(pooled), labels) };
      },
      token: tokenHead,
    },
    decoders: { "lm_head.decoder.weight": `${name}.embeddings.word_embeddings.weight` },
  });
}

export const gte = gteLike("gte");
/** The same under the name of the published repositories. */
export const gteNew = gteLike("new");

function block(p: ParameterPath, x: Value, inputs: BatchInputs, config: GteConfig): BlockResult {
  const { hiddenSize, heads, theta, maxPositions, normEpsilon, feedForwardSize } = config;
  const stacked = linear(p.at("attention.qkv_proj"), x, 3 * hiddenSize);
  const rotary = { heads, headSize: hiddenSize / heads, theta, maxPositions };
  const { context, probabilities } = stackedAttention(stacked, inputs, { heads, rotary });
  const attended = layerNorm(
    p.at("attn_ln"),
    add(inputs.dropout(linear(p.at("attention.o_proj"), context, hiddenSize)), x),
    normEpsilon,
  );
  const inner = linear(p.at("mlp.up_gate_proj"), attended, 2 * feedForwardSize, { bias: false });
  const output = linear(p.at("mlp.down_proj"), gatedUnit(inner, config.activation, "second"), hiddenSize);
  return { hidden: layerNorm(p.at("mlp_ln"), add(inputs.dropout(output), attended), normEpsilon), probabilities };
}

import { choice, count, flag, optional, positive, probability, size, tokenId } from "../checkpoints/config-fields.ts";
import { below, type ConfigValues, defineConfig, divides } from "../checkpoints/config-reader.ts";
import type { Value } from "../engine/graph.ts";
import { activation, add } from "../engine/ops/elementwise.ts";
import { embedding, gatherRows } from "../engine/ops/embedding.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import { pool } from "../engine/ops/pool.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import type { BlockResult } from "../nn/bert-block.ts";
import { gatedFeedForward } from "../nn/gated-feed-forward.ts";
import { linear } from "../nn/linear.ts";
import { rmsNorm } from "../nn/norm.ts";
import { rotateQueriesAndKeys } from "../nn/rotary.ts";
import { selfAttention } from "../nn/self-attention.ts";
import { activationName } from "./activation-names.ts";
import { defineArchitecture, type HeadContext } from "./architecture.ts";
import { encodeBlocks } from "./encode-blocks.ts";
import { tokenHead } from "./heads.ts";
import { rotaryFields } from "./rotary-config.ts";

const config = defineConfig(
  {
    vocabularySize: size("vocab_size", 128256),
    hiddenSize: size("hidden_size", 768),
    layers: count("num_hidden_layers", 12),
    heads: count("num_attention_heads", 12),
    keyHeads: optional(count("num_key_value_heads")),
    headSize: optional(size("head_dim")),
    feedForwardSize: size("intermediate_size", 3072),
    activation: activationName("hidden_act", "silu"),
    maxPositions: size("max_position_embeddings", 8192),
    normEpsilon: positive("rms_norm_eps", 1e-5),
    ...rotaryFields(10000),
    hasAttentionBias: flag("attention_bias", false),
    hasFeedForwardBias: flag("mlp_bias", false),
    pooling: choice(["classifier_pooling", "clf_pooling"], ["bos", "mean", "late"], "late"),
    initializerRange: positive("initializer_range", 0.02),
    attentionDropout: probability("attention_dropout", 0),
    padId: tokenId("pad_token_id"),
  },
  [divides("heads", "hiddenSize"), divides("keyHeads", "heads"), below("padId", "vocabularySize")],
);
type EuroBertConfig = ConfigValues<typeof config>;
type Context = HeadContext<EuroBertConfig>;

/**
 * EuroBERT: Llama's block without the causal mask: pre-RMSNorm, rotary positions, grouped keys, SwiGLU.
 * Source: arXiv 2503.05500; transformers, models/eurobert/modeling_eurobert.py.
 */
export const eurobert = defineArchitecture({
  name: "eurobert",
  prefix: "model",
  config,
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    const { vocabularySize, hiddenSize, layers, normEpsilon } = config;
    return encodeBlocks(
      inputs.dropout(
        embedding(p.weight("embed_tokens.weight", [vocabularySize, hiddenSize]), inputs.ids(vocabularySize)),
      ),
      layers,
      (x, i) => block(p.at("layers").at(i), x, inputs, config),
      (x) => rmsNorm(p.at("norm"), x, normEpsilon),
    );
  },
  heads: {
    base: () => ({}),
    mlm: (context) => ({ logits: wordLogits(context) }),
    sequence: (context) => ({ logits: classify(context) }),
    token: tokenHead,
  },
  decoders: { "lm_head.weight": "model.embed_tokens.weight" },
});

function block(p: ParameterPath, x: Value, inputs: BatchInputs, config: EuroBertConfig): BlockResult {
  const { hiddenSize, heads, theta, maxPositions, normEpsilon, hasAttentionBias, hasFeedForwardBias } = config;
  const { keyHeads = heads, headSize = hiddenSize / heads } = config;
  const normed = rmsNorm(p.at("input_layernorm"), x, normEpsilon);
  const project = (name: string, count: number) =>
    linear(p.at("self_attn").at(name), normed, count * headSize, { bias: hasAttentionBias });
  const [q, k] = rotateQueriesAndKeys(project("q_proj", heads), project("k_proj", keyHeads), inputs, {
    heads,
    keyHeads,
    headSize,
    theta,
    maxPositions,
  });
  const { context, probabilities } = selfAttention(q, k, project("v_proj", keyHeads), inputs, { heads, keyHeads });
  const attended = add(
    x,
    inputs.dropout(linear(p.at("self_attn.o_proj"), context, hiddenSize, { bias: hasAttentionBias })),
  );
  const output = gatedFeedForward(
    p.at("mlp"),
    rmsNorm(p.at("post_attention_layernorm"), attended, normEpsilon),
    config.feedForwardSize,
    {
      names: { gate: "gate_proj", up: "up_proj", down: "down_proj" },
      activation: config.activation,
      bias: hasFeedForwardBias,
      outputSize: hiddenSize,
    },
  );
  return { hidden: add(attended, inputs.dropout(output)), probabilities };
}

function wordLogits({ p, config, inputs, encoded, decoder }: Context): Value {
  const { vocabularySize, hiddenSize, hasFeedForwardBias } = config;
  const bias = hasFeedForwardBias ? p.at("lm_head").bias("bias", [vocabularySize]) : undefined;
  return linearOp(gatherRows(encoded.hidden, inputs.rows), decoder("lm_head.weight", [vocabularySize, hiddenSize]), {
    bias,
  });
}

/** `late` scores every token and means the scores; the others pool first -> [B, labels] */
function classify({ p, config, inputs, encoded, labels }: Context): Value {
  const score = (x: Value) =>
    linear(p.at("classifier"), inputs.dropout(activation(linear(p.at("dense"), x, config.hiddenSize), "gelu")), labels);
  if (config.pooling === "late") return pool(score(encoded.hidden), inputs.offsets, "mean");
  return score(pool(encoded.hidden, inputs.offsets, config.pooling === "bos" ? "cls" : "mean"));
}

import {
  choice,
  count,
  flag,
  list,
  optional,
  positive,
  probability,
  size,
  tokenId,
} from "../checkpoints/config-fields.ts";
import { below, type ConfigValues, defineConfig, divides } from "../checkpoints/config-reader.ts";
import type { Value } from "../engine/graph.ts";
import { type Initializer, truncatedNormal } from "../engine/initializer.ts";
import { slice } from "../engine/ops/columns.ts";
import { activation, add, gatedUnit } from "../engine/ops/elementwise.ts";
import { embedding, gatherRows } from "../engine/ops/embedding.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import { pool } from "../engine/ops/pool.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import type { BlockResult } from "../nn/bert-block.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import { stackedAttention } from "../nn/stacked-attention.ts";
import { activationName } from "./activation-names.ts";
import { defineArchitecture, type HeadContext } from "./architecture.ts";
import { encodeBlocks } from "./encode-blocks.ts";

const config = defineConfig(
  {
    vocabularySize: size("vocab_size", 50368),
    hiddenSize: size("hidden_size", 768),
    layers: count("num_hidden_layers", 22),
    heads: count("num_attention_heads", 12),
    feedForwardSize: size("intermediate_size", 1152),
    activation: activationName("hidden_activation", "gelu"),
    maxPositions: size("max_position_embeddings", 8192),
    normEpsilon: positive("norm_eps", 1e-5),
    hasNormBias: flag("norm_bias", false),
    hasAttentionBias: flag("attention_bias", false),
    hasFeedForwardBias: flag("mlp_bias", false),
    hasDecoderBias: flag("decoder_bias", true),
    /** Total width of the window of local layers: half of it to either side. */
    localWindow: size("local_attention", 128),
    /** Which layers see everything; when absent, every n-th does, from the first. */
    layerTypes: optional(list("layer_types", (key) => choice(key, ["full_attention", "sliding_attention"]))),
    globalEvery: count("global_attn_every_n_layers", 3),
    globalTheta: positive(["rope_parameters.full_attention.rope_theta", "global_rope_theta"], 160000),
    localTheta: positive(["rope_parameters.sliding_attention.rope_theta", "local_rope_theta"], 10000),
    globalRopeType: choice("rope_parameters.full_attention.rope_type", ["default"], "default"),
    localRopeType: choice("rope_parameters.sliding_attention.rope_type", ["default"], "default"),
    classifierPooling: choice("classifier_pooling", ["cls", "mean"], "cls"),
    classifierActivation: activationName("classifier_activation", "gelu"),
    hasClassifierBias: flag("classifier_bias", false),
    classifierDropout: probability("classifier_dropout", 0),
    embeddingDropout: probability("embedding_dropout", 0),
    hiddenDropout: probability("mlp_dropout", 0),
    attentionDropout: probability("attention_dropout", 0),
    initializerRange: positive("initializer_range", 0.02),
    padId: tokenId("pad_token_id", 50283),
  },
  [divides("heads", "hiddenSize"), below("padId", "vocabularySize")],
);
type ModernBertConfig = ConfigValues<typeof config>;
type Context = HeadContext<ModernBertConfig>;

/**
 * ModernBERT (also Ettin and mmBERT): pre-norm blocks, rotary positions, GeGLU; most layers see a window only.
 * Source: arXiv 2412.13663; transformers, models/modernbert/modeling_modernbert.py.
 */
export const modernbert = defineArchitecture({
  name: "modernbert",
  prefix: "model",
  config,
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    const { vocabularySize, hiddenSize, layers } = config;
    const words = embedding(
      p.weight("embeddings.tok_embeddings.weight", [vocabularySize, hiddenSize], initializer(config, "in")),
      inputs.ids(vocabularySize),
    );
    return encodeBlocks(
      inputs.dropout(norm(p.at("embeddings.norm"), words, config)),
      layers,
      (x, i) => block(p.at("layers").at(i), x, i, inputs, config),
      (x) => norm(p.at("final_norm"), x, config),
    );
  },
  heads: {
    base: () => ({}),
    mlm: (context) => ({ logits: wordLogits(context) }),
    sequence: (context) => ({
      logits: classify(context, pooled(context), context.labels),
    }),
    choice: (context) => ({ logits: classify(context, pooled(context), 1) }),
    token: (context) => ({ logits: tokenScores(context, context.labels) }),
    qa: (context) => {
      const both = tokenScores(context, 2);
      return { startLogits: slice(both, 0, 1), endLogits: slice(both, 1, 1) };
    },
  },
  decoders: { "decoder.weight": "model.embeddings.tok_embeddings.weight" },
});

function norm(p: ParameterPath, x: Value, { normEpsilon, hasNormBias }: ModernBertConfig): Value {
  return layerNorm(p, x, normEpsilon, { bias: hasNormBias });
}

/** One layer. The first has no norm before its attention, since the embeddings are normed already. */
function block(p: ParameterPath, x: Value, index: number, inputs: BatchInputs, config: ModernBertConfig): BlockResult {
  const { hiddenSize, heads, maxPositions, hasAttentionBias, hasFeedForwardBias } = config;
  const isGlobal = config.layerTypes?.[index]
    ? config.layerTypes[index] === "full_attention"
    : index % config.globalEvery === 0;
  const theta = isGlobal ? config.globalTheta : config.localTheta;
  const normed = index === 0 ? x : norm(p.at("attn_norm"), x, config);
  const stacked = linear(p.at("attn.Wqkv"), normed, 3 * hiddenSize, {
    bias: hasAttentionBias,
    initializer: initializer(config, "in"),
  });
  const { context, probabilities } = stackedAttention(stacked, inputs, {
    heads,
    window: isGlobal ? undefined : Math.floor(config.localWindow / 2),
    rotary: { heads, headSize: hiddenSize / heads, theta, maxPositions },
  });
  const out = initializer(config, "out");
  const attended = add(
    x,
    inputs.dropout(linear(p.at("attn.Wo"), context, hiddenSize, { bias: hasAttentionBias, initializer: out })),
  );
  const inner = linear(p.at("mlp.Wi"), norm(p.at("mlp_norm"), attended, config), 2 * config.feedForwardSize, {
    bias: hasFeedForwardBias,
    initializer: initializer(config, "in"),
  });
  const gated = gatedUnit(inner, config.activation, "first");
  return {
    hidden: add(
      attended,
      linear(p.at("mlp.Wo"), inputs.dropout(gated), hiddenSize, { bias: hasFeedForwardBias, initializer: out }),
    ),
    probabilities,
  };
}

/**
 * How weights start: normal, cut at two deviations; those that write to the residual stream smaller the deeper it is.
 * Source: transformers, ModernBertPreTrainedModel._init_weights.
 */
function initializer(
  { initializerRange, layers, hiddenSize }: ModernBertConfig,
  place: "in" | "out" | "classifier",
): Initializer {
  const deviations = {
    in: initializerRange,
    out: initializerRange / Math.sqrt(2 * layers),
    classifier: hiddenSize ** -0.5,
  };
  return truncatedNormal(deviations[place]);
}

/** `head`: dense, activation, norm. */
function transform({ p, config }: Context, x: Value): Value {
  const dense = linear(p.at("head.dense"), x, config.hiddenSize, {
    bias: config.hasClassifierBias,
    initializer: initializer(config, "out"),
  });
  return norm(p.at("head.norm"), activation(dense, config.classifierActivation), config);
}

function pooled(context: Context): Value {
  return transform(context, pool(context.encoded.hidden, context.inputs.offsets, context.config.classifierPooling));
}

function classify({ p, inputs, config }: Context, x: Value, labels: number): Value {
  return linear(p.at("classifier"), inputs.dropout(x), labels, { initializer: initializer(config, "classifier") });
}

function tokenScores(context: Context, labels: number): Value {
  return classify(context, transform(context, context.encoded.hidden), labels);
}

function wordLogits(context: Context): Value {
  const { p, config, inputs, encoded, decoder } = context;
  const { vocabularySize, hiddenSize, hasDecoderBias } = config;
  const table = decoder("decoder.weight", [vocabularySize, hiddenSize]);
  const bias = hasDecoderBias ? p.at("decoder").bias("bias", [vocabularySize]) : undefined;
  return linearOp(transform(context, gatherRows(encoded.hidden, inputs.rows)), table, { bias });
}

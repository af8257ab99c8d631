import {
  choice,
  count,
  flag,
  only,
  optional,
  positive,
  probability,
  size,
  tokenId,
} from "../checkpoints/config-fields.ts";
import { below, type ConfigValues, defineConfig, divides } from "../checkpoints/config-reader.ts";
import type { Value } from "../engine/graph.ts";
import { activation, add } from "../engine/ops/elementwise.ts";
import { gatherRows } from "../engine/ops/embedding.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import type { BlockResult } from "../nn/bert-block.ts";
import { gatedFeedForward } from "../nn/gated-feed-forward.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import { stackedAttention } from "../nn/stacked-attention.ts";
import { activationName } from "./activation-names.ts";
import { defineArchitecture, type HeadContext } from "./architecture.ts";
import { sumEmbeddings } from "./bert-encoder.ts";
import { bertTies } from "./bert-heads.ts";
import { encodeBlocks } from "./encode-blocks.ts";
import { firstTokenPooler, tokenHead } from "./heads.ts";
import { rotaryFields } from "./rotary-config.ts";

/** Both generations of the config: transformers' own keys, and the GPT-2 style ones of the published repositories. */
const config = defineConfig(
  {
    vocabularySize: size("vocab_size", 30528),
    hiddenSize: size(["hidden_size", "n_embd"], 768),
    layers: count(["num_hidden_layers", "n_layer"], 12),
    heads: count(["num_attention_heads", "n_head"], 12),
    feedForwardSize: size(["intermediate_size", "n_inner"], 3072),
    /** `swiglu` is silu in the gate. */
    gateKind: optional(choice("activation_function", ["swiglu"])),
    activation: activationName("hidden_act", "silu"),
    /** Longer texts need scaled frequencies, which are not supported. */
    maxPositions: size(["max_trained_positions", "max_position_embeddings"], 2048),
    types: size("type_vocab_size", 2),
    normEpsilon: positive(["layer_norm_eps", "layer_norm_epsilon"], 1e-12),
    ...rotaryFields(1000, "rotary_emb_base"),
    rotaryFraction: only("rotary_emb_fraction", 1),
    isInterleaved: only("rotary_emb_interleaved", false),
    isPreNorm: only("prenorm", false),
    hasAttentionBias: flag("qkv_proj_bias", false),
    hasInnerBias: flag("mlp_fc1_bias", false),
    hasOuterBias: flag("mlp_fc2_bias", false),
    initializerRange: positive("initializer_range", 0.02),
    hiddenDropout: probability(["hidden_dropout_prob", "resid_pdrop"], 0),
    attentionDropout: probability(["attention_probs_dropout_prob", "attn_pdrop"], 0),
    padId: tokenId("pad_token_id", 0),
  },
  [divides("heads", "hiddenSize"), below("padId", "vocabularySize")],
);
type NomicConfig = ConfigValues<typeof config>;
type Context = HeadContext<NomicConfig>;

/**
 * NomicBERT: post-norm blocks with rotary positions and SwiGLU, no biases.
 * Source: arXiv 2402.01613; transformers, models/nomic_bert/modeling_nomic_bert.py.
 */
export const nomicBert = defineArchitecture({
  name: "nomic_bert",
  prefix: "nomic_bert",
  config,
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    const sum = sumEmbeddings(p.at("embeddings"), config, config.hiddenSize, inputs, { positions: false });
    const embedded = inputs.dropout(layerNorm(p.at("emb_ln"), sum, config.normEpsilon));
    return encodeBlocks(embedded, config.layers, (x, i) => block(p.at("encoder.layers").at(i), x, inputs, config));
  },
  heads: {
    base: () => ({}),
    mlm: (context) => ({ logits: wordLogits(context) }),
    // As the published repository calls the same head.
    pretraining: (context) => ({ logits: wordLogits(context) }),
    sequence: ({ p, config, inputs, encoded, labels }) => {
      const pooled = firstTokenPooler(p.at("nomic_bert.pooler"), encoded.hidden, inputs, config.hiddenSize);
      return { logits: linear(p.at("classifier"), inputs.dropout(pooled), labels) };
    },
    token: tokenHead,
  },
  ...bertTies("nomic_bert"),
  generations: () => [
    { name: "with the masked-word head, as published", rules: [{ file: "bert.**", canonical: "nomic_bert.**" }] },
  ],
});

function block(p: ParameterPath, x: Value, inputs: BatchInputs, config: NomicConfig): BlockResult {
  const { hiddenSize, heads, theta, maxPositions, normEpsilon, hasAttentionBias, hasInnerBias } = config;
  const stacked = linear(p.at("attn.Wqkv"), x, 3 * hiddenSize, { bias: hasAttentionBias });
  const rotary = { heads, headSize: hiddenSize / heads, theta, maxPositions };
  const { context, probabilities } = stackedAttention(stacked, inputs, { heads, rotary });
  const attended = add(
    inputs.dropout(linear(p.at("attn.out_proj"), context, hiddenSize, { bias: hasAttentionBias })),
    x,
  );
  const normed = layerNorm(p.at("norm1"), attended, normEpsilon);
  const inner = gatedFeedForward(p.at("mlp"), normed, config.feedForwardSize, {
    names: { gate: "fc12", up: "fc11", down: "fc2" },
    activation: config.activation,
    bias: hasInnerBias,
    outputBias: config.hasOuterBias,
    outputSize: hiddenSize,
  });
  return { hidden: layerNorm(p.at("norm2"), add(inputs.dropout(inner), normed), normEpsilon), probabilities };
}

function wordLogits({ p, config, inputs, encoded, decoder }: Context): Value {
  const { vocabularySize, hiddenSize, normEpsilon } = config;
  const head = p.at("cls.predictions");
  const selected = gatherRows(encoded.hidden, inputs.rows);
  const mapped = activation(linear(head.at("transform.dense"), selected, hiddenSize), config.activation);
  const normed = layerNorm(head.at("transform.layer_norm"), mapped, normEpsilon);
  const table = decoder("cls.predictions.decoder.weight", [vocabularySize, hiddenSize]);
  return linearOp(normed, table, { bias: head.bias("bias", [vocabularySize]) });
}

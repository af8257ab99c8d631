import { count, flag, positive, probability, size, tokenId } from "../checkpoints/config-fields.ts";
import { below, type ConfigValues, defineConfig, divides } from "../checkpoints/config-reader.ts";
import type { Value } from "../engine/graph.ts";
import { activation, add } from "../engine/ops/elementwise.ts";
import { gatherRows } from "../engine/ops/embedding.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import { pool } from "../engine/ops/pool.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import type { BlockResult } from "../nn/bert-block.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import { selfAttention } from "../nn/self-attention.ts";
import { activationName } from "./activation-names.ts";
import { defineArchitecture, type HeadContext } from "./architecture.ts";
import { sumEmbeddings } from "./bert-encoder.ts";
import { encodeBlocks } from "./encode-blocks.ts";
import { answerHead, tokenHead } from "./heads.ts";

/** Fixed in the reference; no config key changes it. */
const NORM_EPSILON = 1e-12;

const config = defineConfig(
  {
    vocabularySize: size("vocab_size", 30522),
    hiddenSize: size("dim", 768),
    layers: count("n_layers", 6),
    heads: count("n_heads", 12),
    feedForwardSize: size("hidden_dim", 3072),
    activation: activationName("activation", "gelu"),
    maxPositions: size("max_position_embeddings", 512),
    /** Only says how a fresh table starts; checkpoints hold the table. */
    hasSinusoidalPositions: flag("sinusoidal_pos_embds", false),
    initializerRange: positive("initializer_range", 0.02),
    hiddenDropout: probability("dropout", 0.1),
    attentionDropout: probability("attention_dropout", 0.1),
    classifierDropout: probability("seq_classif_dropout", 0.2),
    answerDropout: probability("qa_dropout", 0.1),
    padId: tokenId("pad_token_id", 0),
  },
  [divides("heads", "hiddenSize"), below("padId", "vocabularySize")],
);
type DistilBertConfig = ConfigValues<typeof config>;
type Context = HeadContext<DistilBertConfig>;

/**
 * DistilBERT: BERT without segment embeddings and pooler, half as deep.
 * Source: arXiv 1910.01108; transformers, models/distilbert/modeling_distilbert.py.
 */
export const distilbert = defineArchitecture({
  name: "distilbert",
  prefix: "distilbert",
  config,
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    const sum = sumEmbeddings(p.at("embeddings"), config, config.hiddenSize, inputs);
    const embedded = inputs.dropout(layerNorm(p.at("embeddings.LayerNorm"), sum, NORM_EPSILON));
    return encodeBlocks(embedded, config.layers, (x, i) => block(p.at("transformer.layer").at(i), x, inputs, config));
  },
  heads: {
    base: () => ({}),
    mlm: (context) => ({ logits: wordLogits(context) }),
    sequence: (context) => ({ logits: linear(context.p.at("classifier"), firstToken(context), context.labels) }),
    choice: (context) => ({ logits: linear(context.p.at("classifier"), firstToken(context), 1) }),
    token: tokenHead,
    qa: ({ p, encoded }) => answerHead(p, encoded.hidden),
  },
  decoders: { "vocab_projector.weight": "distilbert.embeddings.word_embeddings.weight" },
});

/** BERT's block under DistilBERT's names. */
function block(p: ParameterPath, x: Value, inputs: BatchInputs, config: DistilBertConfig): BlockResult {
  const { hiddenSize, heads, feedForwardSize } = config;
  const [q, k, v] = ["q_lin", "k_lin", "v_lin"].map((name) => linear(p.at("attention").at(name), x, hiddenSize)) as [
    Value,
    Value,
    Value,
  ];
  const { context, probabilities } = selfAttention(q, k, v, inputs, { heads });
  const attended = layerNorm(
    p.at("sa_layer_norm"),
    add(inputs.dropout(linear(p.at("attention.out_lin"), context, hiddenSize)), x),
    NORM_EPSILON,
  );
  const inner = activation(linear(p.at("ffn.lin1"), attended, feedForwardSize), config.activation);
  const output = add(inputs.dropout(linear(p.at("ffn.lin2"), inner, hiddenSize)), attended);
  return { hidden: layerNorm(p.at("output_layer_norm"), output, NORM_EPSILON), probabilities };
}

/** The first token through `pre_classifier` and relu, as the classifier reads it -> [B, D] */
function firstToken({ p, config, inputs, encoded }: Context): Value {
  const first = pool(encoded.hidden, inputs.offsets, "cls");
  return inputs.dropout(activation(linear(p.at("pre_classifier"), first, config.hiddenSize), "relu"));
}

function wordLogits({ p, config, inputs, encoded, decoder }: Context): Value {
  const { vocabularySize, hiddenSize } = config;
  const selected = gatherRows(encoded.hidden, inputs.rows);
  const mapped = activation(linear(p.at("vocab_transform"), selected, hiddenSize), config.activation);
  const normed = layerNorm(p.at("vocab_layer_norm"), mapped, NORM_EPSILON);
  const table = decoder("vocab_projector.weight", [vocabularySize, hiddenSize]);
  return linearOp(normed, table, { bias: p.at("vocab_projector").bias("bias", [vocabularySize]) });
}

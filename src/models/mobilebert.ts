import { choice, count, flag, optional, positive, probability, size, tokenId } from "../checkpoints/config-fields.ts";
import { below, type ConfigValues, defineConfig } from "../checkpoints/config-reader.ts";
import type { Value } from "../engine/graph.ts";
import { concat, slice } from "../engine/ops/columns.ts";
import { activation, add, multiply } from "../engine/ops/elementwise.ts";
import { embedding, gatherRows } from "../engine/ops/embedding.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import { matmul } from "../engine/ops/matmul.ts";
import { pool } from "../engine/ops/pool.ts";
import { shiftRows } from "../engine/ops/shift-rows.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import { columnsOf } from "../engine/shape.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import type { BlockResult } from "../nn/bert-block.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import { selfAttention } from "../nn/self-attention.ts";
import { activationName } from "./activation-names.ts";
import { defineArchitecture, type HeadContext } from "./architecture.ts";
import { bertTies } from "./bert-heads.ts";
import { encodeBlocks } from "./encode-blocks.ts";
import { answerHead, tokenHead } from "./heads.ts";

/** Where the reference passes no epsilon, torch's default holds. */
const DEFAULT_EPSILON = 1e-5;

const config = defineConfig(
  {
    vocabularySize: size("vocab_size", 30522),
    hiddenSize: size("hidden_size", 512),
    layers: count("num_hidden_layers", 24),
    heads: count("num_attention_heads", 4),
    feedForwardSize: size("intermediate_size", 512),
    activation: activationName("hidden_act", "relu"),
    maxPositions: size("max_position_embeddings", 512),
    types: size("type_vocab_size", 2),
    normEpsilon: positive("layer_norm_eps", 1e-12),
    embeddingSize: size("embedding_size", 128),
    hasTrigrams: flag("trigram_input", true),
    hasBottleneck: flag("use_bottleneck", true),
    bottleneckSize: size("intra_bottleneck_size", 128),
    hasBottleneckValues: flag("use_bottleneck_attention", false),
    sharesBottleneck: flag("key_query_shared_bottleneck", true),
    feedForwards: count("num_feedforward_networks", 4),
    norm: choice("normalization_type", ["no_norm", "layer_norm"], "no_norm"),
    hasPooler: flag("classifier_activation", true),
    initializerRange: positive("initializer_range", 0.02),
    hiddenDropout: probability("hidden_dropout_prob", 0),
    attentionDropout: probability("attention_probs_dropout_prob", 0.1),
    classifierDropout: optional(probability("classifier_dropout")),
    padId: tokenId("pad_token_id", 0),
  },
  [below("padId", "vocabularySize")],
);
type MobileBertConfig = ConfigValues<typeof config>;
type Context = HeadContext<MobileBertConfig>;

/**
 * MobileBERT: thin blocks between bottlenecks, several feed-forwards each, a scale and shift in place of norms, and
 * embeddings that see both neighbours. Source: arXiv 2004.02984; transformers, models/mobilebert/modeling_mobilebert.py.
 */
export const mobilebert = defineArchitecture({
  name: "mobilebert",
  prefix: "mobilebert",
  config,
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    return encodeBlocks(embed(p.at("embeddings"), config, inputs), config.layers, (x, i) =>
      block(p.at("encoder.layer").at(i), x, inputs, config),
    );
  },
  heads: {
    base: (context) => ({ pooled: pooled(context) }),
    mlm: (context) => ({ logits: wordLogits(context) }),
    pretraining: (context) => ({
      predictionLogits: wordLogits(context),
      seqRelationshipLogits: followsLogits(context, "cls.seq_relationship"),
    }),
    nsp: (context) => ({ logits: followsLogits(context, "cls.seq_relationship") }),
    sequence: (context) => ({
      logits: linear(context.p.at("classifier"), context.inputs.dropout(pooled(context)), context.labels),
    }),
    choice: (context) => ({ logits: linear(context.p.at("classifier"), context.inputs.dropout(pooled(context)), 1) }),
    token: tokenHead,
    qa: ({ p, encoded }) => answerHead(p, encoded.hidden),
  },
  ...bertTies("mobilebert"),
  // The reference makes these whatever the config says, and may not read them.
  otherHeads: ({ embeddingSize, hiddenSize, hasTrigrams, hasBottleneckValues }) => [
    ...(embeddingSize === hiddenSize ? ["cls.predictions.dense.weight"] : []),
    ...(embeddingSize === hiddenSize && !hasTrigrams ? ["mobilebert.embeddings.embedding_transformation.*"] : []),
    ...(hasBottleneckValues ? ["mobilebert.encoder.layer.*.bottleneck.attention.**"] : []),
  ],
});

/** Each token's embedding between its neighbours', mapped to the hidden size, plus positions and segments. */
function embed(p: ParameterPath, config: MobileBertConfig, inputs: BatchInputs): Value {
  const { vocabularySize, embeddingSize, hiddenSize, maxPositions, types } = config;
  let words = embedding(
    p.weight("word_embeddings.weight", [vocabularySize, embeddingSize]),
    inputs.ids(vocabularySize),
  );
  if (config.hasTrigrams)
    words = concat(shiftRows(words, inputs.offsets, 1), words, shiftRows(words, inputs.offsets, -1));
  if (columnsOf(words) !== hiddenSize || config.hasTrigrams)
    words = linear(p.at("embedding_transformation"), words, hiddenSize);
  const positions = embedding(
    p.weight("position_embeddings.weight", [maxPositions, hiddenSize]),
    inputs.positions(maxPositions),
  );
  const segments = embedding(p.weight("token_type_embeddings.weight", [types, hiddenSize]), inputs.typeIds(types));
  return norm(p.at("LayerNorm"), add(add(words, positions), segments), config, DEFAULT_EPSILON);
}

function norm(p: ParameterPath, x: Value, config: MobileBertConfig, epsilon = config.normEpsilon): Value {
  if (config.norm === "layer_norm") return layerNorm(p, x, epsilon);
  return add(multiply(x, p.gain("weight", [columnsOf(x)])), p.bias("bias", [columnsOf(x)]));
}

function block(p: ParameterPath, x: Value, inputs: BatchInputs, config: MobileBertConfig): BlockResult {
  const { heads, hiddenSize, hasBottleneck } = config;
  const size = hasBottleneck ? config.bottleneckSize : hiddenSize;
  const [keys, values, input] = hasBottleneck ? bottleneck(p.at("bottleneck"), x, config) : [x, x, x];
  const self = p.at("attention.self");
  const q = linear(self.at("query"), keys, size);
  const k = linear(self.at("key"), keys, size);
  const { context, probabilities } = selfAttention(q, k, linear(self.at("value"), values, size), inputs, { heads });
  let inner = norm(
    p.at("attention.output.LayerNorm"),
    add(inputs.dropout(linear(p.at("attention.output.dense"), context, size)), input),
    config,
  );
  for (let i = 0; i < config.feedForwards - 1; i++) inner = feedForward(p.at("ffn").at(i), inner, inputs, config);
  const output = feedForward(p, inner, inputs, config, DEFAULT_EPSILON);
  if (!hasBottleneck) return { hidden: output, probabilities };
  const widened = add(inputs.dropout(linear(p.at("output.bottleneck.dense"), output, hiddenSize)), x);
  return { hidden: norm(p.at("output.bottleneck.LayerNorm"), widened, config), probabilities };
}

/** What queries and keys, values, and the residual are taken from. */
function bottleneck(p: ParameterPath, x: Value, config: MobileBertConfig): readonly [Value, Value, Value] {
  const narrow = (name: string) =>
    norm(p.at(name).at("LayerNorm"), linear(p.at(name).at("dense"), x, config.bottleneckSize), config);
  const input = narrow("input");
  if (config.hasBottleneckValues) return [input, input, input];
  return [config.sharesBottleneck ? narrow("attention") : x, x, input];
}

function feedForward(
  p: ParameterPath,
  x: Value,
  inputs: BatchInputs,
  config: MobileBertConfig,
  epsilon?: number,
): Value {
  const inner = activation(linear(p.at("intermediate.dense"), x, config.feedForwardSize), config.activation);
  return norm(
    p.at("output.LayerNorm"),
    add(inputs.dropout(linear(p.at("output.dense"), inner, columnsOf(x))), x),
    config,
    epsilon,
  );
}

function pooled({ p, config, inputs, encoded }: Context): Value {
  const first = pool(encoded.hidden, inputs.offsets, "cls");
  return config.hasPooler
    ? activation(linear(p.at("mobilebert.pooler.dense"), first, config.hiddenSize), "tanh")
    : first;
}

function followsLogits(context: Context, name: string): Value {
  return linear(context.p.at(name), pooled(context), 2);
}

/** The decoder is the word embeddings, and a matrix of its own for the columns that they lack -> [S, V] */
function wordLogits({ p, config, inputs, encoded, decoder }: Context): Value {
  const { vocabularySize, embeddingSize, hiddenSize, normEpsilon } = config;
  const head = p.at("cls.predictions");
  const selected = gatherRows(encoded.hidden, inputs.rows);
  const mapped = activation(linear(head.at("transform.dense"), selected, hiddenSize), config.activation);
  const normed = layerNorm(head.at("transform.LayerNorm"), mapped, normEpsilon);
  const table = decoder("cls.predictions.decoder.weight", [vocabularySize, embeddingSize]);
  const logits = linearOp(slice(normed, 0, embeddingSize), table, { bias: head.bias("bias", [vocabularySize]) });
  if (hiddenSize === embeddingSize) return logits;
  const rest = hiddenSize - embeddingSize;
  return add(matmul(slice(normed, embeddingSize, rest), head.weight("dense.weight", [rest, vocabularySize])), logits);
}

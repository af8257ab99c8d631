import { count, optional, probability, size } from "../checkpoints/config-fields.ts";
import { type ConfigValues, defineConfig } from "../checkpoints/config-reader.ts";
import type { Value } from "../engine/graph.ts";
import { concat, slice } from "../engine/ops/columns.ts";
import { activation, add, multiply } from "../engine/ops/elementwise.ts";
import { gatherRows } from "../engine/ops/embedding.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import { pool } from "../engine/ops/pool.ts";
import { shiftRows } from "../engine/ops/shift-rows.ts";
import { softmax } from "../engine/ops/softmax.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import type { BlockResult } from "../nn/bert-block.ts";
import { sideBySide } from "../nn/columns.ts";
import { groupedLinear, groupRule } from "../nn/grouped-linear.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import { selfAttention } from "../nn/self-attention.ts";
import { defineArchitecture, type HeadContext } from "./architecture.ts";
import { bertFields, bertRules } from "./bert-config.ts";
import { projectEmbeddings } from "./bert-encoder.ts";
import { encodeBlocks } from "./encode-blocks.ts";
import { answerHead, firstTokenClassifier, tokenHead } from "./heads.ts";

const config = defineConfig(
  {
    ...bertFields,
    embeddingSize: size("embedding_size", 768),
    headRatio: count("head_ratio", 2),
    kernelSize: count("conv_kernel_size", 9),
    groups: count("num_groups", 1),
    classifierDropout: optional(probability("classifier_dropout")),
  },
  bertRules,
);
type ConvBertConfig = ConfigValues<typeof config>;
type Context = HeadContext<ConvBertConfig>;

/**
 * ConvBERT: half of the heads attend, the other half are convolutions whose kernels the text itself decides.
 * Source: arXiv 2008.02496; transformers, models/convbert/modeling_convbert.py.
 */
export const convbert = defineArchitecture({
  name: "convbert",
  prefix: "convbert",
  config,
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    return encodeBlocks(projectEmbeddings(p, config, inputs), config.layers, (x, i) =>
      block(p.at("encoder.layer").at(i), x, inputs, config),
    );
  },
  heads: {
    base: () => ({}),
    mlm: (context) => ({ logits: wordLogits(context) }),
    sequence: (context) => firstTokenClassifier(context, context.config.activation),
    // The reference's summary takes the last token, since its config names no other.
    choice: ({ p, inputs, encoded }) => ({
      logits: linear(p.at("classifier"), pool(encoded.hidden, inputs.offsets, "lastToken"), 1),
    }),
    token: tokenHead,
    qa: ({ p, encoded }) => answerHead(p, encoded.hidden),
  },
  decoders: { "generator_lm_head.weight": "convbert.embeddings.word_embeddings.weight" },
  generations: ({ groups, kernelSize }) => [
    {
      name: "convolutions as matrices",
      rules: [
        {
          file: "**key_conv_attn_layer.depthwise.weight",
          canonical: Array.from({ length: kernelSize }, (_, i) => `**key_conv_attn_layer.depthwise.${i}.weight`),
          axes: [2, 0, 1],
          squeeze: true,
        },
        {
          file: "**key_conv_attn_layer.pointwise.weight",
          canonical: "**key_conv_attn_layer.pointwise.weight",
          squeeze: true,
        },
        { file: "**key_conv_attn_layer.bias", canonical: "**key_conv_attn_layer.bias", squeeze: true },
        ...(groups > 1
          ? [groupRule("**intermediate.dense", groups), groupRule("**encoder.layer.*.output.dense", groups)]
          : []),
      ],
    },
  ],
});

function block(p: ParameterPath, x: Value, inputs: BatchInputs, config: ConvBertConfig): BlockResult {
  const { hiddenSize, feedForwardSize, normEpsilon } = config;
  const { context, probabilities } = mixedAttention(p.at("attention.self"), x, inputs, config);
  const attended = add(inputs.dropout(linear(p.at("attention.output.dense"), context, hiddenSize)), x);
  const normed = layerNorm(p.at("attention.output.LayerNorm"), attended, normEpsilon);
  const inner = activation(dense(p.at("intermediate.dense"), normed, feedForwardSize, config), config.activation);
  const output = add(inputs.dropout(dense(p.at("output.dense"), inner, hiddenSize, config)), normed);
  return { hidden: layerNorm(p.at("output.LayerNorm"), output, normEpsilon), probabilities };
}

function dense(p: ParameterPath, x: Value, size: number, { groups }: ConvBertConfig): Value {
  return groups === 1 ? linear(p, x, size) : groupedLinear(p, x, size, { groups, order: "inputs first" });
}

/** Attention and convolution, half of the columns each, side by side -> [T, D] */
function mixedAttention(p: ParameterPath, x: Value, inputs: BatchInputs, config: ConvBertConfig) {
  const heads = Math.max(1, Math.floor(config.heads / config.headRatio));
  const size = Math.floor(config.hiddenSize / heads / 2);
  const q = linear(p.at("query"), x, heads * size);
  const k = linear(p.at("key"), x, heads * size);
  const { context, probabilities } = selfAttention(q, k, linear(p.at("value"), x, heads * size), inputs, { heads });
  const local = multiply(separableConvolution(p.at("key_conv_attn_layer"), x, heads * size, inputs, config), q);
  const kernels = linear(p.at("conv_kernel_layer"), local, heads * config.kernelSize);
  const values = linear(p.at("conv_out_layer"), x, heads * size);
  return { context: concat(context, dynamicConvolution(kernels, values, heads, inputs, config)), probabilities };
}

/** A convolution of each column alone, then a linear -> [T, size] */
function separableConvolution(
  p: ParameterPath,
  x: Value,
  size: number,
  inputs: BatchInputs,
  config: ConvBertConfig,
): Value {
  const { kernelSize, hiddenSize } = config;
  const taps = Array.from({ length: kernelSize }, (_, i) => {
    const tap = p.weight(`depthwise.${i}.weight`, [hiddenSize]);
    return multiply(shiftRows(x, inputs.offsets, i - Math.floor(kernelSize / 2)), tap);
  });
  const mixed = taps.reduce((sum, tap) => add(sum, tap));
  return linearOp(mixed, p.weight("pointwise.weight", [size, hiddenSize]), { bias: p.bias("bias", [size]) });
}

/** Each head sums its neighbours by a kernel that softmax makes of its row -> [T, H * d] */
function dynamicConvolution(
  kernels: Value,
  values: Value,
  heads: number,
  inputs: BatchInputs,
  { kernelSize }: ConvBertConfig,
): Value {
  const size = (values.shape[1] as number) / heads;
  const shifted = Array.from({ length: kernelSize }, (_, i) =>
    shiftRows(values, inputs.offsets, i - Math.floor((kernelSize - 1) / 2)),
  );
  const perHead = Array.from({ length: heads }, (_, h) => {
    const kernel = softmax(slice(kernels, h * kernelSize, kernelSize));
    const taps = shifted.map((value, i) => multiply(slice(value, h * size, size), slice(kernel, i, 1)));
    return taps.reduce((sum, tap) => add(sum, tap));
  });
  return sideBySide(perHead);
}

/** As ELECTRA's generator, with its own activation fixed to gelu -> [S, V] */
function wordLogits({ p, config, inputs, encoded, decoder }: Context): Value {
  const { vocabularySize, embeddingSize } = config;
  const head = p.at("generator_predictions");
  const mapped = activation(linear(head.at("dense"), gatherRows(encoded.hidden, inputs.rows), embeddingSize), "gelu");
  const normed = layerNorm(head.at("LayerNorm"), mapped, config.normEpsilon);
  const table = decoder("generator_lm_head.weight", [vocabularySize, embeddingSize]);
  return linearOp(normed, table, { bias: p.at("generator_lm_head").bias("bias", [vocabularySize]) });
}

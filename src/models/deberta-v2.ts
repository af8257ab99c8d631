import { flag, integer, only, size } from "../checkpoints/config-fields.ts";
import { type ConfigValues, defineConfig } from "../checkpoints/config-reader.ts";
import type { Value } from "../engine/graph.ts";
import { activation, add } from "../engine/ops/elementwise.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import { shiftRows } from "../engine/ops/shift-rows.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import { disentangledBiases } from "../nn/disentangled-attention.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import { type Attended, selfAttention } from "../nn/self-attention.ts";
import { activationName } from "./activation-names.ts";
import { defineArchitecture } from "./architecture.ts";
import { debertaFields, debertaRules, relativeNorm } from "./deberta-config.ts";
import { debertaBlock, debertaHeads, debertaScale, debertaTies, distanceRows, embedDeberta } from "./deberta-parts.ts";
import { encodeBlocks } from "./encode-blocks.ts";

const config = defineConfig(
  {
    ...debertaFields,
    vocabularySize: size("vocab_size", 128100),
    /** Above 0: far distances share logarithmic buckets. */
    buckets: integer("position_buckets", -1, -1, 2 ** 16),
    sharesKeys: flag("share_att_key", false),
    relativeNorm,
    /** Above 0: a convolution beside the first layer. */
    convolutionSize: integer("conv_kernel_size", 0, 0, 63),
    convolutionActivation: activationName("conv_act", "tanh"),
    convolutionGroups: only("conv_groups", 1),
  },
  debertaRules,
);
type DebertaConfig = ConfigValues<typeof config>;

/**
 * DeBERTa v2 and v3: logarithmic buckets of distance, one key projection for content and position, a convolution.
 * Source: arXiv 2006.03654, 2111.09543; transformers, models/deberta_v2/modeling_deberta_v2.py.
 */
export const debertaV2 = defineArchitecture({
  name: "deberta-v2",
  prefix: "deberta",
  config,
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    const table = config.hasRelativeAttention ? relativeTable(p.at("encoder"), config) : undefined;
    return encodeBlocks(embedDeberta(p.at("embeddings"), config, inputs), config.layers, (x, i) => {
      const layer = p.at("encoder.layer").at(i);
      const block = debertaBlock(layer, x, config, inputs, (y) =>
        attention(layer.at("attention.self"), table, y, inputs, config),
      );
      const convolves = i === 0 && config.convolutionSize > 0;
      return convolves
        ? { ...block, hidden: convolution(p.at("encoder.conv"), x, block.hidden, inputs, config) }
        : block;
    });
  },
  heads: debertaHeads<DebertaConfig>(),
  ...debertaTies,
  generations: ({ convolutionSize }) => [
    {
      name: "taps of the convolution",
      rules: [
        {
          file: "**encoder.conv.conv.weight",
          canonical: tapNames("**encoder.conv.conv", convolutionSize),
          axes: [2, 0, 1],
          squeeze: true,
        },
      ],
    },
  ],
});

/** Relative positions to either side: buckets where there are any. */
function spanOf({ buckets, maxDistance, maxPositions }: DebertaConfig): number {
  if (buckets > 0) return buckets;
  return maxDistance < 1 ? maxPositions : maxDistance;
}

/** The embeddings of relative positions -> [2S, D] */
function relativeTable(p: ParameterPath, config: DebertaConfig): Value {
  const table = p.weight("rel_embeddings.weight", [2 * spanOf(config), config.hiddenSize]);
  return config.relativeNorm === "layer_norm" ? layerNorm(p.at("LayerNorm"), table, config.normEpsilon) : table;
}

function attention(
  p: ParameterPath,
  table: Value | undefined,
  x: Value,
  inputs: BatchInputs,
  config: DebertaConfig,
): Attended {
  const { hiddenSize, heads } = config;
  const q = linear(p.at("query_proj"), x, hiddenSize);
  const k = linear(p.at("key_proj"), x, hiddenSize);
  const v = linear(p.at("value_proj"), x, hiddenSize);
  const biases = table === undefined ? {} : positionBiases(p, table, q, k, config);
  return selfAttention(q, k, v, inputs, { heads, scale: debertaScale(config), ...biases });
}

function positionBiases(p: ParameterPath, table: Value, q: Value, k: Value, config: DebertaConfig) {
  const { hiddenSize, heads, maxPositions, maxDistance, buckets, positionTerms, sharesKeys } = config;
  const mostDistant = maxDistance < 1 ? maxPositions : maxDistance;
  const project = (name: string) => linear(p.at(name), table, hiddenSize);
  return disentangledBiases(q, k, {
    heads,
    positionKeys: positionTerms.includes("c2p") ? project(sharesKeys ? "key_proj" : "pos_key_proj") : undefined,
    positionQueries: positionTerms.includes("p2c") ? project(sharesKeys ? "query_proj" : "pos_query_proj") : undefined,
    distanceRows: distanceRows(maxPositions, spanOf(config), (d) =>
      buckets > 0 ? logBucket(d, buckets, mostDistant) : d,
    ),
  });
}

/**
 * Distances up to half the buckets have one each; further ones share logarithmically wider ones. In f32, as the
 * reference, since rounding decides which side of a border a distance falls.
 */
function logBucket(distance: number, buckets: number, mostDistant: number): number {
  const middle = Math.floor(buckets / 2);
  const far = Math.abs(distance);
  if (far <= middle) return distance;
  const share = Math.fround(
    Math.fround(Math.log(Math.fround(far / middle))) / Math.fround(Math.log(Math.fround((mostDistant - 1) / middle))),
  );
  return Math.sign(distance) * (Math.ceil(Math.fround(share * (middle - 1))) + middle);
}

/** A convolution over neighbours of the layer's input, added to its output -> [T, D] */
function convolution(p: ParameterPath, x: Value, output: Value, inputs: BatchInputs, config: DebertaConfig): Value {
  const { hiddenSize, convolutionSize } = config;
  const taps = tapNames("conv", convolutionSize).map((name, i) => {
    const bias = i === 0 ? p.bias("conv.bias", [hiddenSize]) : undefined;
    return linearOp(
      shiftRows(x, inputs.offsets, i - Math.floor((convolutionSize - 1) / 2)),
      p.weight(name, [hiddenSize, hiddenSize]),
      { bias },
    );
  });
  const convolved = activation(
    taps.reduce((sum, tap) => add(sum, tap)),
    config.convolutionActivation,
  );
  return layerNorm(p.at("LayerNorm"), add(output, convolved), config.normEpsilon);
}

/** A convolution's weight stands as one matrix a tap. */
function tapNames(path: string, taps: number): string[] {
  return Array.from({ length: taps }, (_, i) => `${path}.${i}.weight`);
}

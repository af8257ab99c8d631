import { count, positive, size } from "../checkpoints/config-fields.ts";
import { type ConfigValues, defineConfig } from "../checkpoints/config-reader.ts";
import type { Value } from "../engine/graph.ts";
import { activation, add } from "../engine/ops/elementwise.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import type { BlockResult } from "../nn/bert-block.ts";
import { groupedLinear, groupRule } from "../nn/grouped-linear.ts";
import { layerNorm } from "../nn/norm.ts";
import { selfAttention } from "../nn/self-attention.ts";
import { defineArchitecture } from "./architecture.ts";
import { bertFields, bertRules } from "./bert-config.ts";
import { sumEmbeddings } from "./bert-encoder.ts";
import { bertHeads, bertTies } from "./bert-heads.ts";
import { encodeBlocks } from "./encode-blocks.ts";

/** The reference's norm over channels has an epsilon of its own, whatever `layer_norm_eps` says. */
const BLOCK_EPSILON = 1e-12;

const config = defineConfig(
  {
    ...bertFields,
    normEpsilon: positive("layer_norm_eps", 1e-12),
    embeddingSize: size("embedding_size", 768),
    queryGroups: count("q_groups", 4),
    keyGroups: count("k_groups", 4),
    valueGroups: count("v_groups", 4),
    attentionGroups: count("post_attention_groups", 1),
    innerGroups: count("intermediate_groups", 4),
    outputGroups: count("output_groups", 4),
  },
  bertRules,
);
type SqueezeBertConfig = ConfigValues<typeof config>;
const { pretraining: _, nsp: __, ...heads } = bertHeads<SqueezeBertConfig>("transformer");

/**
 * SqueezeBERT: BERT whose linears are convolutions over single positions, most of them in groups.
 * Source: arXiv 2006.11316; transformers, models/squeezebert/modeling_squeezebert.py.
 */
export const squeezebert = defineArchitecture({
  name: "squeezebert",
  prefix: "transformer",
  config,
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    const sum = sumEmbeddings(p.at("embeddings"), config, config.embeddingSize, inputs);
    return encodeBlocks(
      inputs.dropout(layerNorm(p.at("embeddings.LayerNorm"), sum, config.normEpsilon)),
      config.layers,
      (x, i) => block(p.at("encoder.layers").at(i), x, inputs, config),
    );
  },
  heads,
  ...bertTies("transformer"),
  generations: (config) => [
    {
      name: "grouped convolutions",
      rules: [
        groupRule("**attention.query", config.queryGroups),
        groupRule("**attention.key", config.keyGroups),
        groupRule("**attention.value", config.valueGroups),
        groupRule("**post_attention.conv1d", config.attentionGroups),
        groupRule("**intermediate.conv1d", config.innerGroups),
        groupRule("**output.conv1d", config.outputGroups),
      ],
    },
  ],
});

function block(p: ParameterPath, x: Value, inputs: BatchInputs, config: SqueezeBertConfig): BlockResult {
  const { hiddenSize, feedForwardSize, heads } = config;
  const project = (name: string, groups: number) =>
    groupedLinear(p.at("attention").at(name), x, hiddenSize, { groups });
  const q = project("query", config.queryGroups);
  const k = project("key", config.keyGroups);
  const { context, probabilities } = selfAttention(q, k, project("value", config.valueGroups), inputs, { heads });
  const mixed = groupedLinear(p.at("post_attention.conv1d"), context, hiddenSize, { groups: config.attentionGroups });
  const attended = layerNorm(p.at("post_attention.layernorm"), add(inputs.dropout(mixed), x), BLOCK_EPSILON);
  const inner = activation(
    groupedLinear(p.at("intermediate.conv1d"), attended, feedForwardSize, { groups: config.innerGroups }),
    config.activation,
  );
  const output = groupedLinear(p.at("output.conv1d"), inner, hiddenSize, { groups: config.outputGroups });
  return {
    hidden: layerNorm(p.at("output.layernorm"), add(inputs.dropout(output), attended), BLOCK_EPSILON),
    probabilities,
  };
}

import { count, positive, size, tokenId } from "../checkpoints/config-fields.ts";
import { below, type ConfigValues, defineConfig, divides } from "../checkpoints/config-reader.ts";
import { interleavedHeads } from "../checkpoints/name-mapping.ts";
import type { Value } from "../engine/graph.ts";
import { activation, add, gatedUnit } from "../engine/ops/elementwise.ts";
import { embedding, gatherRows } from "../engine/ops/embedding.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import { pool } from "../engine/ops/pool.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import type { BlockResult } from "../nn/bert-block.ts";
import { linear } from "../nn/linear.ts";
import { rmsNorm } from "../nn/norm.ts";
import { rotateQueriesAndKeys } from "../nn/rotary.ts";
import { selfAttention } from "../nn/self-attention.ts";
import { defineArchitecture } from "./architecture.ts";
import { encodeBlocks } from "./encode-blocks.ts";

/** The base of the rotary frequencies, fixed in the reference. */
const THETA = 10000;

const config = defineConfig(
  {
    vocabularySize: size("vocab_size", 30522),
    hiddenSize: size("hidden_size", 768),
    layers: count("num_hidden_layers", 28),
    heads: count("num_attention_heads", 12),
    feedForwardSize: size("intermediate_size", 3072),
    maxPositions: size("max_length", 1024),
    normEpsilon: positive("norm_eps", 1e-6),
    initializerRange: positive("decoder_init_range", 0.02),
    padId: tokenId("pad_token_id", 0),
  },
  [divides("heads", "hiddenSize"), below("padId", "vocabularySize")],
);
type NeoBertConfig = ConfigValues<typeof config>;

/**
 * NeoBERT: pre-RMSNorm blocks, rotary positions by complex pairs, SwiGLU; queries, keys and values in one tensor, head
 * by head, read as three. Source: arXiv 2502.19587 and the model file of its repository.
 */
export const neobert = defineArchitecture({
  name: "neobert",
  prefix: "model",
  config,
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    const { vocabularySize, hiddenSize, layers, normEpsilon } = config;
    return encodeBlocks(
      inputs.dropout(embedding(p.weight("encoder.weight", [vocabularySize, hiddenSize]), inputs.ids(vocabularySize))),
      layers,
      (x, i) => block(p.at("transformer_encoder").at(i), x, inputs, config),
      (x) => rmsNorm(p.at("layer_norm"), x, normEpsilon),
    );
  },
  heads: {
    base: () => ({}),
    mlm: ({ p, config, inputs, encoded, decoder }) => {
      const bias = p.at("decoder").bias("bias", [config.vocabularySize]);
      const table = decoder("decoder.weight", [config.vocabularySize, config.hiddenSize]);
      return { logits: linearOp(gatherRows(encoded.hidden, inputs.rows), table, { bias }) };
    },
    sequence: ({ p, config, inputs, encoded, labels }) => {
      const first = linear(p.at("dense"), pool(encoded.hidden, inputs.offsets, "cls"), config.hiddenSize);
      return { logits: linear(p.at("classifier"), inputs.dropout(activation(first, "tanh")), labels) };
    },
  },
  generations: ({ heads }) => [
    {
      name: "one projection",
      rules: [
        {
          file: "**.qkv.weight",
          canonical: ["q", "k", "v"].map((part) => `**.${part}.weight`),
          rowOrder: interleavedHeads(heads, 3),
        },
      ],
    },
  ],
});

function block(p: ParameterPath, x: Value, inputs: BatchInputs, config: NeoBertConfig): BlockResult {
  const { hiddenSize, heads, maxPositions, normEpsilon } = config;
  const normed = rmsNorm(p.at("attention_norm"), x, normEpsilon);
  const project = (name: string) => linear(p.at(name), normed, hiddenSize, { bias: false });
  const rotary = { heads, headSize: hiddenSize / heads, theta: THETA, interleaved: true, maxPositions };
  const [q, k] = rotateQueriesAndKeys(project("q"), project("k"), inputs, rotary);
  const { context, probabilities } = selfAttention(q, k, project("v"), inputs, { heads });
  const attended = add(x, inputs.dropout(linear(p.at("wo"), context, hiddenSize, { bias: false })));
  const inner = linear(p.at("ffn.w12"), rmsNorm(p.at("ffn_norm"), attended, normEpsilon), 2 * innerSize(config), {
    bias: false,
  });
  const output = linear(p.at("ffn.w3"), gatedUnit(inner, "silu", "first"), hiddenSize, { bias: false });
  return { hidden: add(attended, inputs.dropout(output)), probabilities };
}

/** Two thirds of the config's size, up to the next multiple of 8: a gated unit has three matrices instead of two. */
function innerSize({ feedForwardSize }: NeoBertConfig): number {
  return 8 * Math.ceil(Math.floor((2 * feedForwardSize) / 3) / 8);
}

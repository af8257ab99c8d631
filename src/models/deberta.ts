import { flag } from "../checkpoints/config-fields.ts";
import { type ConfigValues, defineConfig } from "../checkpoints/config-reader.ts";
import { interleavedHeads } from "../checkpoints/name-mapping.ts";
import type { Value } from "../engine/graph.ts";
import { attentionMix, attentionScores, attentionSoftmax } from "../engine/ops/attention.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import { disentangledBiases } from "../nn/disentangled-attention.ts";
import { linear } from "../nn/linear.ts";
import { type Attended, selfAttention } from "../nn/self-attention.ts";
import { defineArchitecture } from "./architecture.ts";
import { debertaFields, debertaRules } from "./deberta-config.ts";
import { debertaBlock, debertaHeads, debertaScale, debertaTies, distanceRows, embedDeberta } from "./deberta-parts.ts";
import { encodeBlocks } from "./encode-blocks.ts";

const config = defineConfig({ ...debertaFields, hasTalkingHeads: flag("talking_head", false) }, debertaRules);
type DebertaConfig = ConfigValues<typeof config>;
const { choice: _, ...heads } = debertaHeads<DebertaConfig>();

/**
 * DeBERTa: scores are content to content plus content to position and position to content, of relative positions.
 * Queries, keys and values stand in one tensor, head by head; it is read as three.
 * Source: arXiv 2006.03654; transformers, models/deberta/modeling_deberta.py.
 */
export const deberta = defineArchitecture({
  name: "deberta",
  prefix: "deberta",
  config,
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    return encodeBlocks(embedDeberta(p.at("embeddings"), config, inputs), config.layers, (x, i) => {
      const layer = p.at("encoder.layer").at(i);
      return debertaBlock(layer, x, config, inputs, (y) =>
        attention(layer.at("attention.self"), p.at("encoder"), y, inputs, config),
      );
    });
  },
  heads,
  ...debertaTies,
  generations: ({ heads }) => [
    {
      name: "one projection",
      rules: [
        {
          file: "**attention.self.in_proj.weight",
          canonical: ["query", "key", "value"].map((part) => `**attention.self.${part}.weight`),
          rowOrder: interleavedHeads(heads, 3),
        },
      ],
    },
  ],
});

function attention(
  p: ParameterPath,
  encoder: ParameterPath,
  x: Value,
  inputs: BatchInputs,
  config: DebertaConfig,
): Attended {
  const { hiddenSize, heads, hasTalkingHeads } = config;
  const project = (name: string, bias?: Value) =>
    linearOp(x, p.at(name).weight("weight", [hiddenSize, hiddenSize]), { bias });
  const q = project("query", p.bias("q_bias", [hiddenSize]));
  const k = project("key");
  const v = project("value", p.bias("v_bias", [hiddenSize]));
  const biases = config.hasRelativeAttention ? positionBiases(p, encoder, q, k, config) : {};
  const options = { heads, scale: debertaScale(config), ...biases };
  if (!hasTalkingHeads) return selfAttention(q, k, v, inputs, options);
  return talkingHeads(p, attentionScores(q, k, inputs.offsets, inputs.pairOffsets, options), v, inputs, heads);
}

function positionBiases(p: ParameterPath, encoder: ParameterPath, q: Value, k: Value, config: DebertaConfig) {
  const { hiddenSize, heads, maxPositions, maxDistance, positionTerms } = config;
  const span = maxDistance < 1 ? maxPositions : maxDistance;
  const table = encoder.weight("rel_embeddings.weight", [2 * span, hiddenSize]);
  return disentangledBiases(q, k, {
    heads,
    positionKeys: positionTerms.includes("c2p")
      ? linear(p.at("pos_proj"), table, hiddenSize, { bias: false })
      : undefined,
    positionQueries: positionTerms.includes("p2c") ? linear(p.at("pos_q_proj"), table, hiddenSize) : undefined,
    distanceRows: distanceRows(maxPositions, span, (distance) => distance),
  });
}

/** Heads exchange their scores before the softmax and their probabilities after it. Source: arXiv 2003.02436. */
function talkingHeads(p: ParameterPath, scores: Value, v: Value, inputs: BatchInputs, heads: number): Attended {
  const mixed = linear(p.at("head_logits_proj"), scores, heads, { bias: false });
  const softened = attentionSoftmax(mixed, inputs.offsets, inputs.pairOffsets);
  const probabilities = linear(p.at("head_weights_proj"), softened, heads, { bias: false });
  return { context: attentionMix(probabilities, v, inputs.offsets, inputs.pairOffsets, { heads }), probabilities };
}

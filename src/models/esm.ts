import { choice, flag, integer, only, optional, positive, size, tokenId } from "../checkpoints/config-fields.ts";
import { type ConfigValues, defineConfig } from "../checkpoints/config-reader.ts";
import type { Value } from "../engine/graph.ts";
import { add, multiply } from "../engine/ops/elementwise.ts";
import { embedding } from "../engine/ops/embedding.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import type { Rotate } from "../nn/bert-block.ts";
import { layerNorm } from "../nn/norm.ts";
import { rotateQueriesAndKeys } from "../nn/rotary.ts";
import { activationName } from "./activation-names.ts";
import { defineArchitecture } from "./architecture.ts";
import { bertFields, bertRules } from "./bert-config.ts";
import type { PackedBatch } from "./packed-batch.ts";
import { encodePreNormLayers } from "./pre-norm-encoder.ts";
import { robertaHeads, robertaTies } from "./roberta-heads.ts";

/** The share of tokens that pre-training replaced by the mask: 80 % of 15 %. */
const TRAINED_MASK_RATIO = 0.15 * 0.8;

const { types: _, positionType: __, ...sharedFields } = bertFields;
const config = defineConfig(
  {
    ...sharedFields,
    vocabularySize: size("vocab_size"),
    /** The reference's feed-forward knows no other. */
    activation: activationName("hidden_act", "gelu"),
    maxPositions: integer("max_position_embeddings", 1026, 1, 2 ** 20),
    positions: choice("position_embedding_type", ["absolute", "rotary"], "absolute"),
    theta: positive(["rope_theta", "rope_parameters.rope_theta"], 10000),
    normsEmbeddings: flag("emb_layer_norm_before", false),
    dropsTokens: flag("token_dropout", false),
    padId: tokenId("pad_token_id", 1),
    maskId: tokenId("mask_token_id"),
    isFolding: only("is_folding_model", false),
    classifierDropout: optional(positive("classifier_dropout")),
  },
  bertRules,
);
type EsmConfig = ConfigValues<typeof config>;
const { choice: ___, qa: ____, ...heads } = robertaHeads<EsmConfig>("esm");

/**
 * ESM-2, protein sequences: pre-norm blocks, rotary positions, embeddings scaled for the masks in a text.
 * Source: doi 10.1126/science.ade2574; transformers, models/esm/modeling_esm.py.
 */
export const esm = defineArchitecture({
  name: "esm",
  prefix: "esm",
  config,
  positionsAfter: ({ padId = 1, positions }) => (positions === "absolute" ? padId : undefined),
  maxLength: ({ maxPositions, padId = 1 }) => maxPositions - padId - 1,
  encode: (p, config, inputs) =>
    encodePreNormLayers(p, embed(p.at("embeddings"), config, inputs), config, inputs, {
      names: { attentionNorm: "attention.LayerNorm", feedForwardNorm: "LayerNorm" },
      finalNorm: "encoder.emb_layer_norm_after",
      ...(config.positions === "rotary" ? { rotate: rotation(config, inputs) } : {}),
    }),
  extraInputs: (batch, { dropsTokens, maskId }) =>
    dropsTokens && maskId !== undefined ? { tokenScales: tokenScales(batch, maskId) } : {},
  heads,
  ...robertaTies("esm"),
  otherHeads: () => ["esm.contact_head.**"],
  buffers: ["**inv_freq"],
});

function embed(p: ParameterPath, config: EsmConfig, inputs: BatchInputs): Value {
  const { vocabularySize, hiddenSize, maxPositions, normEpsilon } = config;
  let x = embedding(p.weight("word_embeddings.weight", [vocabularySize, hiddenSize]), inputs.ids(vocabularySize));
  if (config.dropsTokens && config.maskId !== undefined)
    x = multiply(x, inputs.graph.input("tokenScales", ["tokens"], "f32"));
  if (config.positions === "absolute") {
    x = add(
      x,
      embedding(p.weight("position_embeddings.weight", [maxPositions, hiddenSize]), inputs.positions(maxPositions)),
    );
  }
  return inputs.dropout(config.normsEmbeddings ? layerNorm(p.at("layer_norm"), x, normEpsilon) : x);
}

/** 0 for masked tokens; for the others what makes up for the text's share of masks differing from pre-training's. */
function tokenScales({ ids, offsets }: PackedBatch, maskId: number): Float32Array {
  const scales = new Float32Array(ids.length);
  for (let text = 0; text + 1 < offsets.length; text++) {
    const [from, to] = [offsets[text] as number, offsets[text + 1] as number];
    const masked = ids.subarray(from, to).filter((id) => id === maskId).length;
    const scale = (1 - TRAINED_MASK_RATIO) / (1 - masked / (to - from));
    for (let t = from; t < to; t++) scales[t] = ids[t] === maskId ? 0 : scale;
  }
  return scales;
}

function rotation({ heads, hiddenSize, theta, maxPositions }: EsmConfig, inputs: BatchInputs): Rotate {
  return (q, k, v) => [
    ...rotateQueriesAndKeys(q, k, inputs, { heads, headSize: hiddenSize / heads, theta, maxPositions }),
    v,
  ];
}

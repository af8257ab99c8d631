import { flag, optional, positive, size } from "../checkpoints/config-fields.ts";
import { type ConfigValues, defineConfig } from "../checkpoints/config-reader.ts";
import { sinusoids } from "../engine/initializer.ts";
import { pool } from "../engine/ops/pool.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import type { Rotate } from "../nn/bert-block.ts";
import { linear } from "../nn/linear.ts";
import { rotateQueriesAndKeys } from "../nn/rotary.ts";
import { defineArchitecture } from "./architecture.ts";
import { bertFields, bertRules } from "./bert-config.ts";
import { encodeLayers, projectEmbeddings } from "./bert-encoder.ts";
import { bertTies } from "./bert-heads.ts";
import { answerHead, firstTokenClassifier, maskedHead, tokenHead } from "./heads.ts";

const config = defineConfig(
  {
    ...bertFields,
    vocabularySize: size("vocab_size", 50000),
    /** Default: the hidden size. */
    embeddingSize: optional(size("embedding_size")),
    maxPositions: size("max_position_embeddings", 1536),
    rotatesValues: flag("rotary_value", false),
    normEpsilon: positive("layer_norm_eps", 1e-12),
  },
  bertRules,
);
type RoFormerConfig = ConfigValues<typeof config>;

/**
 * RoFormer: BERT's blocks with rotated queries and keys (and values, on request) in place of position embeddings.
 * Source: arXiv 2104.09864; transformers, models/roformer/modeling_roformer.py.
 */
export const roformer = defineArchitecture({
  name: "roformer",
  prefix: "roformer",
  config,
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    const embedded = projectEmbeddings(p, config, inputs, { positions: false });
    return encodeLayers(p.at("encoder"), embedded, config, inputs, { rotate: rotation(p, config, inputs) });
  },
  heads: {
    base: () => ({}),
    mlm: ({ p, config, inputs, encoded, decoder }) => {
      const table = decoder("cls.predictions.decoder.weight", [
        config.vocabularySize,
        config.embeddingSize ?? config.hiddenSize,
      ]);
      return { logits: maskedHead(p.at("cls.predictions"), encoded.hidden, inputs, { ...config, table }) };
    },
    sequence: (context) => firstTokenClassifier(context, context.config.activation),
    // The reference's summary takes the last token, since its config names no other.
    choice: ({ p, inputs, encoded }) => ({
      logits: linear(p.at("classifier"), pool(encoded.hidden, inputs.offsets, "lastToken"), 1),
    }),
    token: tokenHead,
    qa: ({ p, encoded }) => answerHead(p, encoded.hidden),
  },
  ...bertTies("roformer"),
});

/** By the sines and cosines that the checkpoint holds. */
function rotation(
  p: ParameterPath,
  { heads, hiddenSize, maxPositions, rotatesValues }: RoFormerConfig,
  inputs: BatchInputs,
): Rotate {
  const headSize = hiddenSize / heads;
  const table = p.weight("encoder.embed_positions.weight", [maxPositions, headSize], sinusoids(10000));
  const options = { heads, headSize, theta: { table }, interleaved: true, maxPositions };
  return (q, k, v) => {
    const [query, key] = rotateQueriesAndKeys(q, k, inputs, options);
    return [query, key, rotatesValues ? rotateQueriesAndKeys(v, v, inputs, options)[0] : v];
  };
}

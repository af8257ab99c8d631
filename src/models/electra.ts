import { choice, flag, optional, probability, size } from "../checkpoints/config-fields.ts";
import { type ConfigValues, defineConfig } from "../checkpoints/config-reader.ts";
import type { Value } from "../engine/graph.ts";
import { activation } from "../engine/ops/elementwise.ts";
import { gatherRows } from "../engine/ops/embedding.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import { pool } from "../engine/ops/pool.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import { activationName } from "./activation-names.ts";
import { defineArchitecture, type HeadContext } from "./architecture.ts";
import { bertFields, bertRules } from "./bert-config.ts";
import { encodeLayers, projectEmbeddings } from "./bert-encoder.ts";
import { answerHead, firstTokenClassifier, tokenHead } from "./heads.ts";

const config = defineConfig(
  {
    ...bertFields,
    embeddingSize: size("embedding_size", 128),
    hiddenSize: size("hidden_size", 256),
    heads: { ...bertFields.heads, fallback: 4 },
    feedForwardSize: size("intermediate_size", 1024),
    classifierDropout: optional(probability("classifier_dropout")),
    summary: choice("summary_type", ["first", "last", "mean"], "first"),
    hasSummaryProjection: flag("summary_use_proj", true),
    summaryActivation: activationName("summary_activation", "gelu"),
  },
  bertRules,
);
type Context = HeadContext<ConfigValues<typeof config>>;

/**
 * ELECTRA: BERT's blocks on embeddings that may be smaller than the hidden size. `pretraining` is the discriminator,
 * one logit a token (above 0: replaced); `mlm` the generator.
 * Source: arXiv 2003.10555; transformers, models/electra/modeling_electra.py.
 */
export const electra = defineArchitecture({
  name: "electra",
  prefix: "electra",
  config,
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    return encodeLayers(p.at("encoder"), projectEmbeddings(p, config, inputs), config, inputs);
  },
  heads: {
    base: () => ({}),
    mlm: (context) => ({ logits: wordLogits(context) }),
    pretraining: ({ p, config, encoded }) => {
      const head = p.at("discriminator_predictions");
      const inner = activation(linear(head.at("dense"), encoded.hidden, config.hiddenSize), config.activation);
      return { logits: linear(head.at("dense_prediction"), inner, 1) };
    },
    sequence: (context) => firstTokenClassifier(context, "gelu"),
    choice: (context) => ({ logits: linear(context.p.at("classifier"), context.inputs.dropout(summary(context)), 1) }),
    token: tokenHead,
    qa: ({ p, encoded }) => answerHead(p, encoded.hidden),
  },
  decoders: { "generator_lm_head.weight": "electra.embeddings.word_embeddings.weight" },
});

/** One vector a text as `summary_type` says, through a projection where the config has one -> [B, D] */
function summary({ p, config, inputs, encoded }: Context): Value {
  const pooling = { first: "cls", last: "lastToken", mean: "mean" } as const;
  const one = pool(encoded.hidden, inputs.offsets, pooling[config.summary]);
  const projected = config.hasSummaryProjection
    ? linear(p.at("sequence_summary.summary"), one, config.hiddenSize)
    : one;
  return activation(projected, config.summaryActivation);
}

/** The generator's words: gelu whatever `hidden_act` says, norm, the tied table -> [S, V] */
function wordLogits({ p, config, inputs, encoded, decoder }: Context): Value {
  const { vocabularySize, embeddingSize } = config;
  const head = p.at("generator_predictions");
  const selected = gatherRows(encoded.hidden, inputs.rows);
  const mapped = activation(linear(head.at("dense"), selected, embeddingSize), "gelu");
  const normed = layerNorm(head.at("LayerNorm"), mapped, config.normEpsilon);
  const table = decoder("generator_lm_head.weight", [vocabularySize, embeddingSize]);
  return linearOp(normed, table, { bias: p.at("generator_lm_head").bias("bias", [vocabularySize]) });
}

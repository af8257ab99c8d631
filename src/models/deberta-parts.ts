import type { ConfigOf } from "../checkpoints/config-reader.ts";
import type { Value } from "../engine/graph.ts";
import { activation, add } from "../engine/ops/elementwise.ts";
import { gatherRows } from "../engine/ops/embedding.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import { pool } from "../engine/ops/pool.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import { type BlockResult, bertFeedForward } from "../nn/bert-block.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import type { Attended } from "../nn/self-attention.ts";
import type { Head, HeadContext } from "./architecture.ts";
import { sumEmbeddings } from "./bert-encoder.ts";
import type { debertaFields } from "./deberta-config.ts";
import { answerHead, maskedHead, tokenHead } from "./heads.ts";

/** What both generations read of a config. */
export type DebertaShared = ConfigOf<typeof debertaFields>;

/** Embeddings of words, and of positions and segments where the config has them, normed -> [T, D] */
export function embedDeberta(p: ParameterPath, config: DebertaShared, inputs: BatchInputs): Value {
  const { hiddenSize, embeddingSize = hiddenSize, hasPositionEmbeddings } = config;
  let sum = sumEmbeddings(p, config, embeddingSize, inputs, { positions: hasPositionEmbeddings });
  if (embeddingSize !== hiddenSize) sum = linear(p.at("embed_proj"), sum, hiddenSize, { bias: false });
  return inputs.dropout(layerNorm(p.at("LayerNorm"), sum, config.normEpsilon));
}

/** BERT's block around an attention of its own. */
export function debertaBlock(
  p: ParameterPath,
  x: Value,
  config: DebertaShared,
  inputs: BatchInputs,
  attend: (x: Value) => Attended,
): BlockResult {
  const { context, probabilities } = attend(x);
  const attended = add(inputs.dropout(linear(p.at("attention.output.dense"), context, config.hiddenSize)), x);
  const normed = layerNorm(p.at("attention.output.LayerNorm"), attended, config.normEpsilon);
  const output = add(inputs.dropout(bertFeedForward(p, normed, config)), normed);
  return { hidden: layerNorm(p.at("output.LayerNorm"), output, config.normEpsilon), probabilities };
}

/** 1 / sqrt(d x (1 + terms)): content and each position term share one scale. Source: arXiv 2006.03654, equation 4. */
export function debertaScale({ hiddenSize, heads, positionTerms }: DebertaShared): number {
  return 1 / Math.sqrt((hiddenSize / heads) * (1 + positionTerms.length));
}

/** The row of a table of 2 x span relative positions for each distance i - j from -most to most. */
export function distanceRows(most: number, span: number, bucket: (distance: number) => number): Int32Array {
  return Int32Array.from({ length: 2 * most + 1 }, (_, i) =>
    Math.max(0, Math.min(2 * span - 1, bucket(i - most) + span)),
  );
}

/** The heads of both generations; `choice` exists in the second only. */
export function debertaHeads<C extends DebertaShared>() {
  const pooled = ({ p, config, inputs, encoded }: HeadContext<C>): Value =>
    activation(
      linear(p.at("pooler.dense"), pool(encoded.hidden, inputs.offsets, "cls"), config.hiddenSize),
      config.poolerActivation,
    );
  return {
    base: () => ({}),
    mlm: (context) => ({ logits: context.config.hasLegacyHead ? legacyLogits(context) : wordLogits(context) }),
    sequence: (context) => ({
      logits: linear(context.p.at("classifier"), context.inputs.dropout(pooled(context)), context.labels),
    }),
    choice: (context) => ({ logits: linear(context.p.at("classifier"), context.inputs.dropout(pooled(context)), 1) }),
    token: tokenHead,
    qa: ({ p, encoded }) => answerHead(p, encoded.hidden),
  } as const satisfies { [head: string]: Head<C> };
}

/** What the masked-word heads share with the embeddings. */
export const debertaTies = {
  decoders: { "cls.predictions.decoder.weight": "deberta.embeddings.word_embeddings.weight" },
  copies: { "cls.predictions.decoder.bias": "cls.predictions.bias" },
  otherHeads: () => ["cls.predictions.**", "lm_predictions.**", "mask_predictions.**"],
  keysFromTensors: (names: ReadonlySet<string>) => (names.has("lm_predictions.lm_head.bias") ? { legacy: false } : {}),
} as const;

function legacyLogits({ p, config, inputs, encoded, decoder }: HeadContext<DebertaShared>): Value {
  const table = decoder("cls.predictions.decoder.weight", [
    config.vocabularySize,
    config.embeddingSize ?? config.hiddenSize,
  ]);
  return maskedHead(p.at("cls.predictions"), encoded.hidden, inputs, { ...config, table });
}

/** The head that the model was pre-trained with: always the word embeddings. */
function wordLogits({ p, config, inputs, encoded }: HeadContext<DebertaShared>): Value {
  const { vocabularySize, hiddenSize } = config;
  const head = p.at("lm_predictions.lm_head");
  const mapped = activation(
    linear(head.at("dense"), gatherRows(encoded.hidden, inputs.rows), hiddenSize),
    config.activation,
  );
  const table = p.weight("deberta.embeddings.word_embeddings.weight", [vocabularySize, hiddenSize]);
  return linearOp(layerNorm(head.at("LayerNorm"), mapped, config.normEpsilon), table, {
    bias: head.bias("bias", [vocabularySize]),
  });
}

import type { Activation } from "../backends/op-table.ts";
import type { Value } from "../engine/graph.ts";
import { slice } from "../engine/ops/columns.ts";
import { activation } from "../engine/ops/elementwise.ts";
import { gatherRows } from "../engine/ops/embedding.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import { pool } from "../engine/ops/pool.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import type { HeadContext, HeadOutputs } from "./architecture.ts";

/** The first token of each text, through `dense` and tanh, as BERT's next-sentence task trained it -> [B, D] */
export function firstTokenPooler(p: ParameterPath, hidden: Value, inputs: BatchInputs, size: number): Value {
  return activation(linear(p.at("dense"), pool(hidden, inputs.offsets, "cls"), size), "tanh");
}

/** The first token of each text through `classifier.dense`, a function, `classifier.out_proj` -> logits [B, labels] */
export function firstTokenClassifier(
  { p, config, inputs, encoded, labels }: HeadContext<{ readonly hiddenSize: number }>,
  name: Activation,
): HeadOutputs {
  const first = inputs.dropout(pool(encoded.hidden, inputs.offsets, "cls"));
  const inner = inputs.dropout(activation(linear(p.at("classifier.dense"), first, config.hiddenSize), name));
  return { logits: linear(p.at("classifier.out_proj"), inner, labels) };
}

/** One score a label and token -> logits [T, labels] */
export function tokenHead({ p, inputs, encoded, labels }: HeadContext<unknown>): HeadOutputs {
  return { logits: linear(p.at("classifier"), inputs.dropout(encoded.hidden), labels) };
}

/** How well each token starts and ends an answer -> [T, 1] each */
export function answerHead(p: ParameterPath, hidden: Value): HeadOutputs {
  const both = linear(p.at("qa_outputs"), hidden, 2);
  return { startLogits: slice(both, 0, 1), endLogits: slice(both, 1, 1) };
}

export interface MaskedHeadOptions {
  readonly activation: Activation;
  readonly normEpsilon: number;
  /** [V, E]: the word embeddings, which the decoder shares. */
  readonly table: Value;
}

/**
 * Scores of every word of the vocabulary for the selected rows: `transform`, norm, and the word embeddings as decoder
 * -> [S, V]. `p` stands at the predictions.
 */
export function maskedHead(p: ParameterPath, hidden: Value, inputs: BatchInputs, options: MaskedHeadOptions): Value {
  const [words, size] = options.table.shape as [number, number];
  const selected = gatherRows(hidden, inputs.rows);
  const transformed = activation(linear(p.at("transform.dense"), selected, size), options.activation);
  const normed = layerNorm(p.at("transform.LayerNorm"), transformed, options.normEpsilon);
  return linearOp(normed, options.table, { bias: p.bias("bias", [words]) });
}

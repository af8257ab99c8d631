import type { Activation } from "../backends/op-table.ts";
import type { Value } from "../engine/graph.ts";
import type { AttentionBiases } from "../engine/ops/attention.ts";
import { activation, add } from "../engine/ops/elementwise.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "./batch-inputs.ts";
import { linear } from "./linear.ts";
import { layerNorm } from "./norm.ts";
import { type Attended, selfAttention } from "./self-attention.ts";

export interface BertBlockSizes {
  readonly hiddenSize: number;
  readonly heads: number;
  readonly feedForwardSize: number;
  readonly activation: Activation;
  readonly normEpsilon: number;
}

export interface BlockResult {
  readonly hidden: Value; // [T, D]
  /** Absent where nothing attends. */
  readonly probabilities?: Value | undefined; // [P, H]
}

/** What a descendant of BERT does to queries and keys before they meet, such as rotating them. */
export type Rotate = (q: Value, k: Value, v: Value) => readonly [Value, Value, Value];

/**
 * One encoder block of the BERT line, post-norm, under the names that its descendants kept:
 * attention, add & norm, feed-forward, add & norm. Source: arXiv 1810.04805.
 */
export function bertBlock(
  p: ParameterPath,
  x: Value, // [T, D]
  inputs: BatchInputs,
  sizes: BertBlockSizes,
  options: { biases?: AttentionBiases; rotate?: Rotate } = {},
): BlockResult {
  const { context, probabilities } = bertSelfAttention(p.at("attention.self"), x, inputs, sizes, options);
  const projected = inputs.dropout(linear(p.at("attention.output.dense"), context, sizes.hiddenSize));
  const attended = add(projected, x);
  const normed = layerNorm(p.at("attention.output.LayerNorm"), attended, sizes.normEpsilon);
  const output = add(inputs.dropout(bertFeedForward(p, normed, sizes)), normed);
  return { hidden: layerNorm(p.at("output.LayerNorm"), output, sizes.normEpsilon), probabilities };
}

/** Queries, keys and values of x by `query`, `key` and `value` under `p`, attended. */
export function bertSelfAttention(
  p: ParameterPath,
  x: Value,
  inputs: BatchInputs,
  sizes: BertBlockSizes,
  options: { biases?: AttentionBiases; rotate?: Rotate } = {},
): Attended {
  const q = linear(p.at("query"), x, sizes.hiddenSize);
  const k = linear(p.at("key"), x, sizes.hiddenSize);
  const v = linear(p.at("value"), x, sizes.hiddenSize);
  const [query, key, value] = options.rotate?.(q, k, v) ?? [q, k, v];
  return selfAttention(query, key, value, inputs, { heads: sizes.heads, ...options.biases });
}

/** `intermediate.dense`, the activation, `output.dense`; the residual and norm are the caller's. */
export function bertFeedForward(p: ParameterPath, x: Value, sizes: BertBlockSizes): Value {
  const inner = activation(linear(p.at("intermediate.dense"), x, sizes.feedForwardSize), sizes.activation);
  return linear(p.at("output.dense"), inner, sizes.hiddenSize);
}

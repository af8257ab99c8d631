import type { Value } from "../engine/graph.ts";
import { add } from "../engine/ops/elementwise.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "./batch-inputs.ts";
import {
  type BertBlockSizes,
  type BlockResult,
  bertFeedForward,
  bertSelfAttention,
  type Rotate,
} from "./bert-block.ts";
import { linear } from "./linear.ts";
import { layerNorm } from "./norm.ts";

export interface PreNormNames {
  /** The norm before attention, such as "attention.ln". */
  readonly attentionNorm: string;
  /** The norm before the feed-forward, such as "ln". */
  readonly feedForwardNorm: string;
}

/** BERT's block with its norms before each half instead of after it; the residual stream is never normed. */
export function preNormBlock(
  p: ParameterPath,
  x: Value, // [T, D]
  inputs: BatchInputs,
  sizes: BertBlockSizes,
  options: { names: PreNormNames; rotate?: Rotate },
): BlockResult {
  const { names, rotate } = options;
  const normed = layerNorm(p.at(names.attentionNorm), x, sizes.normEpsilon);
  const { context, probabilities } = bertSelfAttention(
    p.at("attention.self"),
    normed,
    inputs,
    sizes,
    rotate ? { rotate } : {},
  );
  const attended = add(inputs.dropout(linear(p.at("attention.output.dense"), context, sizes.hiddenSize)), x);
  const output = bertFeedForward(p, layerNorm(p.at(names.feedForwardNorm), attended, sizes.normEpsilon), sizes);
  return { hidden: add(inputs.dropout(output), attended), probabilities };
}

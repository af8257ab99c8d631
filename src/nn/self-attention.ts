import type { Value } from "../engine/graph.ts";
import {
  type AttentionOptions,
  attention,
  attentionMix,
  attentionScores,
  attentionSoftmax,
} from "../engine/ops/attention.ts";
import type { BatchInputs } from "./batch-inputs.ts";

export interface Attended {
  /** The mixed values, before the output projection -> [T, H * d] */
  readonly context: Value;
  /** Softmax of the scores -> [P, H]; computed only by programs that ask for it. */
  readonly probabilities: Value;
}

/**
 * Attention within each text. The fused step gives the context; the plain one beside it, the probabilities. Where
 * training drops some of those, the plain steps give both.
 */
export function selfAttention(q: Value, k: Value, v: Value, inputs: BatchInputs, options: AttentionOptions): Attended {
  const scores = attentionScores(q, k, inputs.offsets, inputs.pairOffsets, options);
  const probabilities = attentionSoftmax(scores, inputs.offsets, inputs.pairOffsets, options.window);
  const kept = inputs.dropout(probabilities, "attention");
  if (kept === probabilities) return { context: attention(q, k, v, inputs.offsets, options), probabilities };
  return { context: attentionMix(kept, v, inputs.offsets, inputs.pairOffsets, options), probabilities };
}

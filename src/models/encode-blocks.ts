import type { Value } from "../engine/graph.ts";
import type { BlockResult } from "../nn/bert-block.ts";
import type { Encoded } from "./architecture.ts";

/**
 * Runs the blocks of an encoder one after another. `finalNorm` ends pre-norm encoders; as in the reference, the last of
 * the hidden states is then the normed one.
 */
export function encodeBlocks(
  embedded: Value, // [T, D]
  layers: number,
  block: (x: Value, index: number) => BlockResult,
  finalNorm: (x: Value) => Value = (x) => x,
): Encoded {
  const hiddenStates = [embedded];
  const attentions: Value[] = [];
  let hidden = embedded;
  for (let i = 0; i < layers; i++) {
    const result = block(hidden, i);
    hidden = i + 1 < layers ? result.hidden : finalNorm(result.hidden);
    hiddenStates.push(hidden);
    if (result.probabilities !== undefined) attentions.push(result.probabilities);
  }
  return { hidden, hiddenStates, attentions };
}

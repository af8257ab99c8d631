import type { Value } from "../engine/graph.ts";
import type { AttentionOptions } from "../engine/ops/attention.ts";
import { slice } from "../engine/ops/columns.ts";
import { columnsOf } from "../engine/shape.ts";
import type { BatchInputs } from "./batch-inputs.ts";
import { type RotaryOptions, rotateQueriesAndKeys } from "./rotary.ts";
import { type Attended, selfAttention } from "./self-attention.ts";

/** Attention over one matrix that holds queries, keys and values side by side, [T, 3D]; rotated when `rotary` is given. */
export function stackedAttention(
  stacked: Value,
  inputs: BatchInputs,
  options: AttentionOptions & { readonly rotary?: RotaryOptions },
): Attended {
  const size = columnsOf(stacked) / 3;
  const [q, k, v] = [slice(stacked, 0, size), slice(stacked, size, size), slice(stacked, 2 * size, size)];
  const [query, key] = options.rotary ? rotateQueriesAndKeys(q, k, inputs, options.rotary) : [q, k];
  return selfAttention(query, key, v, inputs, options);
}

import type { Graph, Value } from "../engine/graph.ts";
import { type RotaryAngles, rotary } from "../engine/ops/rotary.ts";
import type { BatchInputs } from "./batch-inputs.ts";

/** Heads and pairing of a rotation. */
export interface RotaryOptions {
  readonly heads: number;
  /** Heads of the keys. Default `heads`. */
  readonly keyHeads?: number;
  readonly headSize: number;
  /** The base of the frequencies: pair i of a head turns by position * theta^(-2i / size). Or the angles themselves. */
  readonly theta: number | RotaryAngles;
  /** Columns of each head that turn. Default `headSize`. */
  readonly rotatedSize?: number;
  /** Pairs (2i, 2i + 1) instead of (i, i + half). Default false. */
  readonly interleaved?: boolean;
  readonly maxPositions: number;
}

/** Queries and keys rotated by their positions. Source: RoFormer, arXiv 2104.09864. */
export function rotateQueriesAndKeys(
  q: Value,
  k: Value,
  inputs: BatchInputs,
  options: RotaryOptions,
): readonly [Value, Value] {
  const { heads, keyHeads = heads, interleaved = false, maxPositions } = options;
  const positions = inputs.positions(maxPositions);
  const { theta, rotatedSize = options.headSize } = options;
  const angles = typeof theta === "number" ? { frequencies: rotaryFrequencies(q.graph, theta, rotatedSize) } : theta;
  return [
    rotary(q, positions, angles, { heads, interleaved }),
    rotary(k, positions, angles, { heads: keyHeads, interleaved }),
  ];
}

/** theta^(-2i / size) for i below size / 2 */
function rotaryFrequencies(graph: Graph, theta: number, size: number): Value {
  const numbers = Float32Array.from({ length: size / 2 }, (_, i) => theta ** ((-2 * i) / size));
  return graph.constant(`rotary frequencies, theta ${theta}`, numbers, [size / 2]);
}

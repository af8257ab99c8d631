import type { OpDefinition, Value } from "../graph.ts";
import { columnsOf, required, shapeError } from "../shape.ts";

const op: OpDefinition<"rotary"> = {
  name: "rotary",
  shape(inputs, { heads }) {
    const x = required("rotary", "x", inputs.x);
    const frequencies = required("rotary", "frequencies", inputs.frequencies);
    required("rotary", "positions", inputs.positions);
    if (columnsOf(x) % heads !== 0 || 2 * columnsOf(frequencies) > columnsOf(x) / heads) {
      throw shapeError("rotary", `${heads} heads of at least twice the frequencies' columns are needed`, inputs);
    }
    return x.shape;
  },
};

export interface RotaryOptions {
  readonly heads: number;
  /** Pairs (2i, 2i + 1) instead of (i, i + F). Default false. */
  readonly interleaved?: boolean;
  /** Multiplies sine and cosine (YaRN's attention factor). Default 1. */
  readonly scale?: number;
}

/**
 * Rotates the first 2F columns of each head of x[T, H * d] by positions[T] * frequencies[F].
 * Source: RoFormer, arXiv 2104.09864.
 */
export function rotary(x: Value, positions: Value, frequencies: Value, options: RotaryOptions): Value {
  const { heads, interleaved = false, scale = 1 } = options;
  return x.graph.add(op, { x, positions, frequencies }, { heads, interleaved: Number(interleaved), scale });
}

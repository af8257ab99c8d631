import type { OpDefinition, Value } from "../graph.ts";
import { columnsOf, required, shapeError } from "../shape.ts";

const op: OpDefinition<"rotary"> = {
  name: "rotary",
  shape(inputs, { heads }) {
    const x = required("rotary", "x", inputs.x);
    required("rotary", "positions", inputs.positions);
    const rotated = inputs.table
      ? columnsOf(inputs.table)
      : 2 * columnsOf(required("rotary", "frequencies", inputs.frequencies));
    if (columnsOf(x) % heads !== 0 || rotated > columnsOf(x) / heads) {
      throw shapeError("rotary", `${heads} heads of at least ${rotated} columns are needed`, inputs);
    }
    return x.shape;
  },
  gradient({ inputs, attributes }, gradient) {
    const { positions, frequencies, table } = inputs;
    const inverse = 1 - attributes.inverse;
    return { x: gradient.graph.add(op, { x: gradient, positions, frequencies, table }, { ...attributes, inverse }) };
  },
};

/** By which angles: frequencies[F] per position, or the table[positions, 2F] of sines and then cosines. */
export type RotaryAngles = { readonly frequencies: Value } | { readonly table: Value };

/** Heads and pairing of a rotation. */
export interface RotaryOptions {
  readonly heads: number;
  /** Pairs (2i, 2i + 1) instead of (i, i + F). Default false. */
  readonly interleaved?: boolean;
  /** Multiplies sine and cosine (YaRN's attention factor). Default 1. */
  readonly scale?: number;
}

/**
 * Rotates the first 2F columns of each head of x[T, H * d] by the angles of positions[T].
 * Source: RoFormer, arXiv 2104.09864.
 */
export function rotary(x: Value, positions: Value, angles: RotaryAngles, options: RotaryOptions): Value {
  const { heads, interleaved = false, scale = 1 } = options;
  return x.graph.add(op, { x, positions, ...angles }, { heads, interleaved: Number(interleaved), scale, inverse: 0 });
}

import type { Dimension, Dtype, Shape, Sizes } from "../backend.ts";
import { createRandom } from "./random.ts";
import type { Operand, SingleStep } from "./single-step.ts";

/** A step with a name that says what is odd about it. */
export interface OpCase extends SingleStep {
  readonly name: string;
  /** Stands in for SELF_CHECK_TOLERANCE, where a backend may round. */
  readonly tolerance?: number;
}

/** Makes operands of random numbers. */
export class OperandMaker {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = createRandom(seed);
  }

  /** Numbers from -1 to 1, or from `from` to `to`. */
  floats(count: number, from = -1, to = 1): Float32Array {
    return Float32Array.from({ length: count }, () => from + (to - from) * this.#random());
  }

  input(shape: Shape, sizes: Sizes): Operand {
    return { place: "input", shape, data: this.floats(count(shape, sizes)) };
  }

  parameter(shape: readonly number[], layout: "rows" | "packed" = "rows", dtype: Dtype = "f32"): Operand {
    return { place: "parameter", shape, layout, dtype, data: this.floats(count(shape, {})) };
  }

  /** Ids below `bound`; the last one that is allowed is among them. */
  ids(size: "tokens" | "rows", length: number, bound: number | "tokens", limit: number): Operand {
    const data = Int32Array.from({ length }, () => Math.floor(this.#random() * limit));
    if (length > 0) data[length - 1] = limit - 1;
    return { place: "input", shape: [size], data, bound };
  }
}

function count(shape: Shape, sizes: Sizes): number {
  return shape.reduce<number>((product, dimension) => product * sizeOf(dimension, sizes), 1);
}

function sizeOf(dimension: Dimension, sizes: Sizes): number {
  if (typeof dimension === "number") return dimension;
  const size = sizes[dimension.replace("+1", "") as keyof Sizes] ?? 0;
  return dimension.endsWith("+1") ? size + 1 : size;
}

/** Texts of these lengths, packed: their sizes and offsets. */
export function packed(lengths: readonly number[]) {
  const ascending = (numbers: readonly number[]) =>
    Int32Array.from({ length: numbers.length + 1 }, (_, i) => numbers.slice(0, i).reduce((a, b) => a + b, 0));
  const squares = lengths.map((length) => length * length);
  const [offsets, pairOffsets] = [ascending(lengths), ascending(squares)];
  const sizes = { tokens: offsets.at(-1) as number, texts: lengths.length, pairs: pairOffsets.at(-1) as number };
  const operand = (data: Int32Array, covers: "tokens" | "pairs"): Operand => ({
    place: "input",
    shape: ["texts+1"],
    data,
    covers,
  });
  return { sizes, offsets: operand(offsets, "tokens"), pairOffsets: operand(pairOffsets, "pairs") };
}

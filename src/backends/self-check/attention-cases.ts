import type { Sizes } from "../backend.ts";
import { type OpCase, type OperandMaker, packed } from "./operand-maker.ts";
import type { Operand } from "./single-step.ts";

/** Batches of texts: one token, several odd lengths with an empty one among them, and a long one. */
const BATCHES = [[1], [3, 17, 0, 67, 1], [2, 193]] as const;

export function attentionCases(make: OperandMaker): OpCase[] {
  const heads = [
    { heads: 1, keyHeads: 1, size: 67 },
    { heads: 2, keyHeads: 2, size: 32 },
    { heads: 4, keyHeads: 2, size: 64 },
    { heads: 3, keyHeads: 1, size: 17 },
  ];
  return BATCHES.flatMap((lengths) =>
    heads.flatMap((shape) =>
      BIASES.flatMap((bias) => {
        if (bias !== "none" && (shape.size > 32 || shape.keyHeads !== shape.heads)) return [];
        return [attentionCase(make, lengths, shape, bias)];
      }),
    ),
  ).concat(roundedCases(make));
}

/** Texts just too short to be multiplied in bf16 and longer ones, with parts of blocks, of heads that allow it and not. */
function roundedCases(make: OperandMaker): OpCase[] {
  const rounded = (lengths: readonly number[], shape: HeadShape, bias: (typeof BIASES)[number]): OpCase => {
    const { name, attributes, ...rest } = attentionCase(make, lengths, shape, bias);
    const precision = { attributes: { ...attributes, precision: "bf16" }, tolerance: ROUNDING };
    return { ...rest, ...precision, name: `${name}, rounded to bf16` };
  };
  return [
    ...BIASES.map((bias) => rounded([95, 1, 130], { heads: 2, keyHeads: 2, size: 32 }, bias)),
    rounded([97, 128], { heads: 2, keyHeads: 1, size: 64 }, "none"),
    rounded([96], { heads: 2, keyHeads: 2, size: 17 }, "none"),
  ];
}

/** Operands have 8 bits; their errors are independent, and so partly cancel. */
const ROUNDING = 2 ** -8;

const BIASES = ["none", "window", "slopes", "relative", "disentangled"] as const;

interface HeadShape {
  heads: number;
  keyHeads: number;
  size: number;
}

/** q, k and v are columns of one matrix, as after a fused projection. */
function attentionCase(
  make: OperandMaker,
  lengths: readonly number[],
  shape: HeadShape,
  bias: (typeof BIASES)[number],
): OpCase {
  const { heads, keyHeads, size } = shape;
  const { sizes, offsets } = packed(lengths);
  const { q, k, v } = fusedProjection(make, shape, sizes);
  return {
    name: `attention ${heads}/${keyHeads} heads of ${size}, texts of ${lengths}, ${bias}`,
    op: "attention",
    operands: { q, k, v, offsets, ...biasOperands(make, heads, sizes, bias) },
    attributes: { heads, keyHeads, scale: 1 / Math.sqrt(size), window: bias === "window" ? 5 : -1, precision: "f32" },
    result: ["tokens", heads * size],
    sizes,
  };
}

function fusedProjection(make: OperandMaker, { heads, keyHeads, size }: HeadShape, sizes: Sizes) {
  const whole = make.input(["tokens", (heads + 2 * keyHeads) * size], sizes);
  const columns = (column: number, width: number): Operand => {
    return { place: "view", shape: ["tokens", width], data: whole.data, of: whole, column };
  };
  return {
    q: columns(0, heads * size),
    k: columns(heads * size, keyHeads * size),
    v: columns((heads + keyHeads) * size, keyHeads * size),
  };
}

function biasOperands(
  make: OperandMaker,
  heads: number,
  sizes: Sizes,
  bias: (typeof BIASES)[number],
): { [slot: string]: Operand } {
  if (bias === "slopes") {
    const data = Float32Array.from({ length: heads }, (_, h) => 2 ** -(h + 1));
    return { slopes: { place: "constant", shape: [heads], data } };
  }
  if (bias === "relative") return { relativeBias: make.parameter([2 * 20 + 1, heads]) };
  if (bias !== "disentangled") return {};
  // Distances beyond 4 share columns, as DeBERTa's buckets do.
  const data = Int32Array.from({ length: 2 * 8 + 1 }, (_, i) => Math.max(0, Math.min(8, i - 4)));
  return {
    contentToPosition: make.input(["tokens", heads * 9], sizes),
    positionToContent: make.input(["tokens", heads * 9], sizes),
    distanceIndex: { place: "constant", shape: [17], data },
  };
}

export function plainAttentionCases(make: OperandMaker): OpCase[] {
  return BATCHES.flatMap((lengths) => {
    const { sizes, offsets, pairOffsets } = packed(lengths);
    const shape = { heads: 4, keyHeads: 2, size: 17 };
    const { q, k, v } = fusedProjection(make, shape, sizes);
    const scores = make.input(["pairs", 4], sizes);
    const heads = { heads: 4, keyHeads: 2, transpose: 0 };
    const scored = BIASES.map((bias): OpCase => {
      const window = bias === "window" ? 5 : -1;
      const full = { heads: 4, keyHeads: bias === "none" ? 2 : 4, scale: 0.25, window };
      const operands = bias === "none" ? { q, k } : fusedProjection(make, { ...shape, keyHeads: 4 }, sizes);
      const { q: queries, k: keys } = operands;
      return {
        name: `attentionScores, texts of ${lengths}, ${bias}`,
        op: "attentionScores",
        operands: { q: queries, k: keys, offsets, pairOffsets, ...biasOperands(make, 4, sizes, bias) },
        attributes: full,
        result: ["pairs", 4],
        sizes,
      };
    });
    const softmax = [-1, 5].map((window): OpCase => {
      const operands = { scores, offsets, pairOffsets };
      return {
        name: `attentionSoftmax, texts of ${lengths}, window ${window}`,
        op: "attentionSoftmax",
        operands,
        attributes: { window },
        result: ["pairs", 4],
        sizes,
      };
    });
    const mixed = { probabilities: scores, v, offsets, pairOffsets };
    return [
      ...scored,
      ...softmax,
      {
        name: `attentionMix, texts of ${lengths}`,
        op: "attentionMix",
        operands: mixed,
        attributes: heads,
        result: ["tokens", 68],
        sizes,
      },
    ] satisfies OpCase[];
  });
}

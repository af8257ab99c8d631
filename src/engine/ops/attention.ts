import type { InputSlot } from "../../backends/op-table.ts";
import type { OpDefinition, OpInputs, Value } from "../graph.ts";
import { columnsOf, required, rowsOf, shapeError } from "../shape.ts";
import { affine } from "./elementwise.ts";

/** What may add to the scores before the softmax; see the op table for the shapes. */
export interface AttentionBiases {
  /** [H]: ALiBi, score - slope x |i - j|. Source: arXiv 2108.12409 (symmetric form). */
  readonly slopes?: Value | undefined;
  /** [2M + 1, H]: added by distance j - i, clamped to -M ... M. */
  readonly relativeBias?: Value | undefined;
  /** [T, H * C]: DeBERTa's content-to-position term, of the query. Source: arXiv 2006.03654. */
  readonly contentToPosition?: Value | undefined;
  /** [T, H * C]: DeBERTa's position-to-content term, of the key. */
  readonly positionToContent?: Value | undefined;
  /** [2M + 1] i32: the column of both terms for each distance i - j clamped to -M ... M. */
  readonly distanceIndex?: Value | undefined;
}

/** Heads, scale, window and biases of an attention. */
export interface AttentionOptions extends AttentionBiases {
  readonly heads: number;
  /** Heads of k and v, a divisor of `heads` (grouped-query attention). Default `heads`. */
  readonly keyHeads?: number;
  /** Default 1 / sqrt(head size). */
  readonly scale?: number;
  /** Tokens further apart than this do not see each other. Default: all do. */
  readonly window?: number | undefined;
}

interface Operands {
  readonly q?: Value | undefined;
  readonly k?: Value | undefined;
  readonly v?: Value | undefined;
}

function checkHeads(op: string, operands: Operands, heads: number, keyHeads: number): void {
  const q = required(op, "q", operands.q);
  const k = required(op, "k", operands.k);
  const size = columnsOf(q) / heads;
  const rowsDiffer = [k, operands.v].some((value) => value !== undefined && rowsOf(value) !== rowsOf(q));
  const columnsDiffer = [k, operands.v].some((value) => value !== undefined && columnsOf(value) !== size * keyHeads);
  if (!Number.isInteger(size) || heads % keyHeads !== 0 || rowsDiffer || columnsDiffer) {
    throw shapeError(op, `${heads} query heads and ${keyHeads} key heads of one size are needed`, { ...operands });
  }
}

function checkBiases(op: string, biases: AttentionBiases, heads: number): void {
  const { slopes, relativeBias, contentToPosition, positionToContent, distanceIndex } = biases;
  const terms = [contentToPosition, positionToContent].filter((term) => term !== undefined);
  const wrong =
    (slopes !== undefined && columnsOf(slopes) !== heads) ||
    (relativeBias !== undefined && columnsOf(relativeBias) !== heads) ||
    terms.some((term) => columnsOf(term) % heads !== 0) ||
    (terms.length > 0 && distanceIndex === undefined);
  if (wrong)
    throw shapeError(op, `biases must fit ${heads} heads, disentangled terms need distanceIndex`, { ...biases });
}

const attentionOp: OpDefinition<"attention"> = {
  name: "attention",
  shape(inputs, { heads, keyHeads }) {
    checkHeads("attention", inputs, heads, keyHeads);
    checkBiases("attention", inputs, heads);
    required("attention", "v", inputs.v);
    return required("attention", "q", inputs.q).shape;
  },
  // Backward the probabilities of every pair are made once more: [P, H], by the plain steps below.
  gradient({ inputs, attributes: { precision: _precision, ...attributes }, wants }, gradient) {
    const [v, offsets] = [required("attention", "v", inputs.v), required("attention", "offsets", inputs.offsets)];
    const pairs: Pairs = {
      offsets,
      pairOffsets: v.graph.input("pairOffsets", ["texts+1"], "i32", { covers: "pairs" }),
    };
    const { v: _, ...operands } = inputs;
    const scores = v.graph.add(scoresOp, { ...operands, ...pairs }, attributes);
    const probabilities = attentionSoftmax(scores, offsets, pairs.pairOffsets, attributes.window);
    const ofProbabilities = probabilityGradient(gradient, v, pairs, attributes);
    const ofScores = softmaxGradient(probabilities, ofProbabilities, pairs);
    return {
      ...scoreGradients({ ...operands, ...pairs }, attributes, ofScores, wants),
      v: wants("v") ? mixTransposed(probabilities, gradient, pairs, attributes) : undefined,
    };
  },
};

const scoresOp: OpDefinition<"attentionScores"> = {
  name: "attentionScores",
  shape(inputs, { heads, keyHeads }) {
    checkHeads("attentionScores", inputs, heads, keyHeads);
    checkBiases("attentionScores", inputs, heads);
    return ["pairs", heads];
  },
  gradient: ({ inputs, attributes, wants }, gradient) => scoreGradients(inputs, attributes, gradient, wants),
};

const softmaxOp: OpDefinition<"attentionSoftmax"> = {
  name: "attentionSoftmax",
  shape: (inputs: OpInputs<"attentionSoftmax">) => required("attentionSoftmax", "scores", inputs.scores).shape,
  gradient: ({ inputs, output }, gradient) => ({ scores: softmaxGradient(output, gradient, pairsOf(inputs)) }),
};

const mixOp: OpDefinition<"attentionMix"> = {
  name: "attentionMix",
  shape(inputs, { heads, keyHeads, transpose }) {
    const v = required("attentionMix", "v", inputs.v);
    const [from, to] = transpose === 1 ? [heads, keyHeads] : [keyHeads, heads];
    return [rowsOf(v), (columnsOf(v) / from) * to];
  },
  gradient({ inputs, attributes, wants }, gradient) {
    const v = required("attentionMix", "v", inputs.v);
    const probabilities = required("attentionMix", "probabilities", inputs.probabilities);
    const pairs = pairsOf(inputs);
    return {
      probabilities: wants("probabilities") ? probabilityGradient(gradient, v, pairs, attributes) : undefined,
      v: wants("v") ? mixTransposed(probabilities, gradient, pairs, attributes) : undefined,
    };
  },
};

/** Where the texts of a batch and their pairs of tokens start. */
interface Pairs {
  readonly offsets: Value;
  readonly pairOffsets: Value;
}

function pairsOf({ offsets, pairOffsets }: { offsets?: Value | undefined; pairOffsets?: Value | undefined }): Pairs {
  return {
    offsets: required("attention", "offsets", offsets),
    pairOffsets: required("attention", "pairOffsets", pairOffsets),
  };
}

interface HeadCounts {
  readonly heads: number;
  readonly keyHeads: number;
}

/** Of the probability of each pair: the mixed vector's gradient times the key's value -> [P, H] */
function probabilityGradient(gradient: Value, v: Value, pairs: Pairs, { heads, keyHeads }: HeadCounts): Value {
  return gradient.graph.add(scoresOp, { q: gradient, k: v, ...pairs }, { heads, keyHeads, scale: 1, window: -1 });
}

/** Each key's sum over the queries that look at it -> [T, K * d] */
function mixTransposed(weights: Value, x: Value, pairs: Pairs, { heads, keyHeads }: HeadCounts): Value {
  return x.graph.add(mixOp, { probabilities: weights, v: x, ...pairs }, { heads, keyHeads, transpose: 1 });
}

const softmaxGradientOp: OpDefinition<"attentionSoftmaxGradient"> = {
  name: "attentionSoftmaxGradient",
  shape: (inputs) => required("attentionSoftmaxGradient", "probabilities", inputs.probabilities).shape,
};

function softmaxGradient(probabilities: Value, gradient: Value, pairs: Pairs): Value {
  return gradient.graph.add(softmaxGradientOp, { probabilities, gradient, ...pairs }, {});
}

const relativeBiasGradientOp: OpDefinition<"relativeBiasGradient"> = {
  name: "relativeBiasGradient",
  shape: (inputs) => required("relativeBiasGradient", "like", inputs.like).shape,
};

const disentangledGradientOp: OpDefinition<"disentangledGradient"> = {
  name: "disentangledGradient",
  shape: (inputs) => required("disentangledGradient", "like", inputs.like).shape,
};

/** From the gradient of the scores [P, H] to those of all that they were made of. */
function scoreGradients(
  inputs: OpInputs<"attentionScores">,
  attributes: HeadCounts & { readonly scale: number },
  gradient: Value,
  wants: (slot: InputSlot<"attentionScores"> & InputSlot<"attention">) => boolean,
): OpInputs<"attentionScores"> {
  const { graph } = gradient;
  const [q, k] = [required("attention", "q", inputs.q), required("attention", "k", inputs.k)];
  const { heads, keyHeads, scale } = attributes;
  const pairs = pairsOf(inputs);
  const scaled = (x: Value) => (scale === 1 ? x : affine(x, scale));
  const disentangled = (side: "query" | "key", like: Value | undefined) =>
    like === undefined
      ? undefined
      : graph.add(
          disentangledGradientOp,
          { gradient, ...pairs, distanceIndex: inputs.distanceIndex, like },
          { heads, side, scale },
        );
  return {
    q: wants("q")
      ? scaled(attentionMix(gradient, k, pairs.offsets, pairs.pairOffsets, { heads, keyHeads }))
      : undefined,
    k: wants("k") ? scaled(mixTransposed(gradient, q, pairs, attributes)) : undefined,
    relativeBias: wants("relativeBias")
      ? graph.add(relativeBiasGradientOp, { gradient, ...pairs, like: inputs.relativeBias }, {})
      : undefined,
    contentToPosition: wants("contentToPosition") ? disentangled("query", inputs.contentToPosition) : undefined,
    positionToContent: wants("positionToContent") ? disentangled("key", inputs.positionToContent) : undefined,
  };
}

function attributes(q: Value, { heads, keyHeads = heads, scale, window = -1 }: AttentionOptions) {
  return { heads, keyHeads, scale: scale ?? 1 / Math.sqrt(columnsOf(q) / heads), window };
}

function biases(options: AttentionOptions): AttentionBiases {
  const { slopes, relativeBias, contentToPosition, positionToContent, distanceIndex } = options;
  return { slopes, relativeBias, contentToPosition, positionToContent, distanceIndex };
}

/** softmax(q . k^T * scale + biases) . v within each text -> [T, H * d]; never holds T x T. */
export function attention(q: Value, k: Value, v: Value, offsets: Value, options: AttentionOptions): Value {
  const settings = { ...attributes(q, options), precision: "f32" } as const;
  return q.graph.add(attentionOp, { q, k, v, offsets, ...biases(options) }, settings);
}

/** The scores before the softmax, of every pair of tokens of a text -> [P, H]; for explaining and talking heads. */
export function attentionScores(
  q: Value,
  k: Value,
  offsets: Value,
  pairOffsets: Value,
  options: AttentionOptions,
): Value {
  return q.graph.add(scoresOp, { q, k, offsets, pairOffsets, ...biases(options) }, attributes(q, options));
}

/** Softmax of scores[P, H] over the keys of each query. */
export function attentionSoftmax(scores: Value, offsets: Value, pairOffsets: Value, window = -1): Value {
  return scores.graph.add(softmaxOp, { scores, offsets, pairOffsets }, { window });
}

/** probabilities[P, H] . v within each text -> [T, H * d] */
export function attentionMix(
  probabilities: Value,
  v: Value,
  offsets: Value,
  pairOffsets: Value,
  options: { heads: number; keyHeads?: number },
): Value {
  const { heads, keyHeads = heads } = options;
  return v.graph.add(mixOp, { probabilities, v, offsets, pairOffsets }, { heads, keyHeads, transpose: 0 });
}

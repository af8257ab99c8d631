import type { OpDefinition, OpInputs, Value } from "../graph.ts";
import { columnsOf, required, rowsOf, shapeError } from "../shape.ts";

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
};

const scoresOp: OpDefinition<"attentionScores"> = {
  name: "attentionScores",
  shape(inputs, { heads, keyHeads }) {
    checkHeads("attentionScores", inputs, heads, keyHeads);
    checkBiases("attentionScores", inputs, heads);
    return ["pairs", heads];
  },
};

const softmaxOp: OpDefinition<"attentionSoftmax"> = {
  name: "attentionSoftmax",
  shape: (inputs: OpInputs<"attentionSoftmax">) => required("attentionSoftmax", "scores", inputs.scores).shape,
};

const mixOp: OpDefinition<"attentionMix"> = {
  name: "attentionMix",
  shape(inputs, { heads, keyHeads }) {
    const v = required("attentionMix", "v", inputs.v);
    return [rowsOf(v), (columnsOf(v) / keyHeads) * heads];
  },
};

function attributes(q: Value, { heads, keyHeads = heads, scale, window = -1 }: AttentionOptions) {
  return { heads, keyHeads, scale: scale ?? 1 / Math.sqrt(columnsOf(q) / heads), window };
}

function biases(options: AttentionOptions): AttentionBiases {
  const { slopes, relativeBias, contentToPosition, positionToContent, distanceIndex } = options;
  return { slopes, relativeBias, contentToPosition, positionToContent, distanceIndex };
}

/** softmax(q . k^T * scale + biases) . v within each text -> [T, H * d]; never holds T x T. */
export function attention(q: Value, k: Value, v: Value, offsets: Value, options: AttentionOptions): Value {
  return q.graph.add(attentionOp, { q, k, v, offsets, ...biases(options) }, attributes(q, options));
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
  return v.graph.add(mixOp, { probabilities, v, offsets, pairOffsets }, { heads, keyHeads });
}

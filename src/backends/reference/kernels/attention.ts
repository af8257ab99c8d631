import type { KernelInputs, ReferenceKernel } from "../kernel.ts";
import { get, type Matrix, set, sum, texts } from "../matrix.ts";

interface ScoreAttributes {
  readonly heads: number;
  readonly keyHeads: number;
  readonly scale: number;
  readonly window: number;
}
type ScoreInputs = Omit<KernelInputs<"attention">, "v" | "offsets">;

/** The score of query row i for key row j (rows of the batch, of one text), head h; -Infinity outside the window. */
function score(inputs: ScoreInputs, attributes: ScoreAttributes, i: number, j: number, h: number): number {
  const { q, k, slopes, relativeBias, contentToPosition, positionToContent, distanceIndex } = inputs;
  const { heads, keyHeads, scale, window } = attributes;
  if (window >= 0 && Math.abs(i - j) > window) return -Infinity;
  const size = q.columns / heads;
  const keyHead = Math.floor(h / (heads / keyHeads));
  let product = sum(size, (c) => get(q, i, h * size + c) * get(k, j, keyHead * size + c));
  if (distanceIndex !== undefined) {
    const column = distanceIndex.data[distanceIndex.start + clampDistance(i - j, distanceIndex)] as number;
    if (contentToPosition) product += get(contentToPosition, i, (h * contentToPosition.columns) / heads + column);
    if (positionToContent) product += get(positionToContent, j, (h * positionToContent.columns) / heads + column);
  }
  let total = product * scale;
  if (slopes) total -= get(slopes, 0, h) * Math.abs(i - j);
  if (relativeBias) total += get(relativeBias, clampDistance(j - i, relativeBias), h);
  return total;
}

/** The row of a table over the distances -M ... M. */
export function clampDistance(distance: number, table: Matrix<ArrayLike<number>>): number {
  const entries = table.rows === 1 ? table.columns : table.rows;
  const most = (entries - 1) / 2;
  return Math.max(-most, Math.min(most, distance)) + most;
}

function softmaxOf(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const exponentials = scores.map((value) => (value === -Infinity ? 0 : Math.exp(value - largest)));
  const total = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / total);
}

export const attention: ReferenceKernel<"attention"> = (inputs, { y }, attributes) => {
  const { heads, keyHeads } = attributes;
  const size = y.columns / heads;
  for (const { from, to } of texts(inputs.offsets)) {
    for (let h = 0; h < heads; h++) {
      const valueHead = Math.floor(h / (heads / keyHeads));
      for (let i = from; i < to; i++) {
        const scores = Array.from({ length: to - from }, (_, j) => score(inputs, attributes, i, from + j, h));
        const probabilities = softmaxOf(scores);
        for (let c = 0; c < size; c++) {
          const mixed = probabilities.reduce(
            (total, p, j) => total + p * get(inputs.v, from + j, valueHead * size + c),
            0,
          );
          set(y, i, h * size + c, mixed);
        }
      }
    }
  }
};

export const attentionScores: ReferenceKernel<"attentionScores"> = (inputs, { y }, attributes) => {
  for (const { text, from, to } of texts(inputs.offsets)) {
    const first = inputs.pairOffsets.data[inputs.pairOffsets.start + text] as number;
    for (let i = from; i < to; i++) {
      for (let j = from; j < to; j++) {
        const row = first + (i - from) * (to - from) + (j - from);
        for (let h = 0; h < attributes.heads; h++)
          set(y, row, h, score(inputs, { ...attributes, window: -1 }, i, j, h));
      }
    }
  }
};

export const attentionSoftmax: ReferenceKernel<"attentionSoftmax"> = (
  { scores, offsets, pairOffsets },
  { y },
  { window },
) => {
  for (const { text, from, to } of texts(offsets)) {
    const first = pairOffsets.data[pairOffsets.start + text] as number;
    const length = to - from;
    for (let i = 0; i < length; i++) {
      for (let h = 0; h < scores.columns; h++) {
        const seen = (j: number) => window < 0 || Math.abs(i - j) <= window;
        const row = Array.from({ length }, (_, j) => (seen(j) ? get(scores, first + i * length + j, h) : -Infinity));
        for (const [j, p] of softmaxOf(row).entries()) set(y, first + i * length + j, h, p);
      }
    }
  }
};

export const attentionMix: ReferenceKernel<"attentionMix"> = (inputs, { y }, { heads, keyHeads, transpose }) => {
  const { probabilities, v, offsets, pairOffsets } = inputs;
  if (transpose === 1) return mixTransposed(inputs, y, heads, keyHeads);
  const size = y.columns / heads;
  for (const { text, from, to } of texts(offsets)) {
    const first = pairOffsets.data[pairOffsets.start + text] as number;
    const length = to - from;
    for (let i = 0; i < length; i++) {
      for (let column = 0; column < y.columns; column++) {
        const h = Math.floor(column / size);
        const valueColumn = Math.floor(h / (heads / keyHeads)) * size + (column % size);
        const mixed = sum(length, (j) => get(probabilities, first + i * length + j, h) * get(v, from + j, valueColumn));
        set(y, from + i, column, mixed);
      }
    }
  }
};

/** Of each key: the sum over queries, and over the heads that share its head. */
function mixTransposed(inputs: KernelInputs<"attentionMix">, y: Matrix, heads: number, keyHeads: number): void {
  const { probabilities, v, offsets, pairOffsets } = inputs;
  const size = y.columns / keyHeads;
  const shared = heads / keyHeads;
  for (const { text, from, to } of texts(offsets)) {
    const first = pairOffsets.data[pairOffsets.start + text] as number;
    const length = to - from;
    for (let j = 0; j < length; j++) {
      for (let column = 0; column < y.columns; column++) {
        const head = Math.floor(column / size);
        const mixed = sum(shared, (s) => {
          const h = head * shared + s;
          return sum(
            length,
            (i) => get(probabilities, first + i * length + j, h) * get(v, from + i, h * size + (column % size)),
          );
        });
        set(y, from + j, column, mixed);
      }
    }
  }
}

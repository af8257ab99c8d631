import type { ReferenceKernel } from "../kernel.ts";
import { fill, get, type Matrix, set, sum, texts } from "../matrix.ts";
import { derivative } from "./activations.ts";
import { clampDistance } from "./attention.ts";
import { poolWeights } from "./texts.ts";

type Operand = Matrix<ArrayLike<number>>;

export const scatterRows: ReferenceKernel<"scatterRows"> = ({ x, index }, { y }) => {
  fill(y, () => 0);
  for (let r = 0; r < x.rows; r++) {
    const row = index.data[index.start + r] as number;
    for (let c = 0; c < x.columns; c++) set(y, row, c, get(y, row, c) + get(x, r, c));
  }
};

export const sumRows: ReferenceKernel<"sumRows"> = ({ x }, { y }) => {
  fill(y, (_, c) => sum(x.rows, (r) => get(x, r, c)));
};

export const padColumns: ReferenceKernel<"padColumns"> = ({ x }, { y }, { start }) => {
  fill(y, (r, c) => (c >= start && c < start + x.columns ? get(x, r, c - start) : 0));
};

export const activationGradient: ReferenceKernel<"activationGradient"> = ({ x, gradient }, { y }, attributes) => {
  fill(y, (r, c) => get(gradient, r, c) * derivative[attributes.activation](get(x, r, c)));
};

export const layerNormGradient: ReferenceKernel<"layerNormGradient"> = (
  { x, weight, gradient },
  { y },
  { epsilon },
) => {
  for (let r = 0; r < x.rows; r++) {
    const mean = sum(x.columns, (c) => get(x, r, c)) / x.columns;
    const variance = sum(x.columns, (c) => (get(x, r, c) - mean) ** 2) / x.columns;
    const factor = 1 / Math.sqrt(variance + epsilon);
    const normed = (c: number) => (get(x, r, c) - mean) * factor;
    const scaled = (c: number) => get(gradient, r, c) * (weight ? get(weight, 0, c) : 1);
    const first = sum(x.columns, scaled) / x.columns;
    const second = sum(x.columns, (c) => scaled(c) * normed(c)) / x.columns;
    for (let c = 0; c < x.columns; c++) set(y, r, c, factor * (scaled(c) - first - normed(c) * second));
  }
};

export const rmsNormGradient: ReferenceKernel<"rmsNormGradient"> = ({ x, weight, gradient }, { y }, { epsilon }) => {
  for (let r = 0; r < x.rows; r++) {
    const factor = 1 / Math.sqrt(sum(x.columns, (c) => get(x, r, c) ** 2) / x.columns + epsilon);
    const scaled = (c: number) => get(gradient, r, c) * (weight ? get(weight, 0, c) : 1);
    const along = sum(x.columns, (c) => scaled(c) * get(x, r, c) * factor) / x.columns;
    for (let c = 0; c < x.columns; c++) set(y, r, c, factor * (scaled(c) - get(x, r, c) * factor * along));
  }
};

export const normalizeGradient: ReferenceKernel<"normalizeGradient"> = ({ x, gradient }, { y }, { epsilon }) => {
  for (let r = 0; r < x.rows; r++) {
    const length = Math.sqrt(sum(x.columns, (c) => get(x, r, c) ** 2));
    const along = length > epsilon ? sum(x.columns, (c) => get(x, r, c) * get(gradient, r, c)) / length ** 2 : 0;
    const divisor = Math.max(epsilon, length);
    for (let c = 0; c < x.columns; c++) set(y, r, c, (get(gradient, r, c) - get(x, r, c) * along) / divisor);
  }
};

export const softmaxGradient: ReferenceKernel<"softmaxGradient"> = ({ probabilities, gradient }, { y }) => {
  for (let r = 0; r < y.rows; r++) {
    const along = sum(y.columns, (c) => get(probabilities, r, c) * get(gradient, r, c));
    for (let c = 0; c < y.columns; c++) set(y, r, c, get(probabilities, r, c) * (get(gradient, r, c) - along));
  }
};

export const logSoftmaxGradient: ReferenceKernel<"logSoftmaxGradient"> = ({ logProbabilities, gradient }, { y }) => {
  for (let r = 0; r < y.rows; r++) {
    const total = sum(y.columns, (c) => get(gradient, r, c));
    for (let c = 0; c < y.columns; c++) {
      set(y, r, c, get(gradient, r, c) - Math.exp(get(logProbabilities, r, c)) * total);
    }
  }
};

export const poolGradient: ReferenceKernel<"poolGradient"> = ({ x, offsets, mask, gradient }, { y }, { pooling }) => {
  fill(y, () => 0);
  for (const { text, from, to } of texts(offsets)) {
    const rows: number[] = [];
    for (let row = from; row < to; row++) if (mask === undefined || mask.data[mask.start + row] !== 0) rows.push(row);
    for (let c = 0; c < x.columns; c++) {
      const weights = poolWeights(rows, (row) => get(x, row, c), pooling, from);
      for (const [i, row] of rows.entries()) set(y, row, c, (weights[i] as number) * get(gradient, text, c));
    }
  }
};

/** Calls `use` with the rows of the pairs of each text: row(i, j) of query i and key j, counted within the text. */
function eachText(
  offsets: Operand,
  pairOffsets: Operand,
  use: (text: { from: number; length: number; row: (i: number, j: number) => number }) => void,
): void {
  for (const { text, from, to } of texts(offsets)) {
    const first = pairOffsets.data[pairOffsets.start + text] as number;
    const length = to - from;
    use({ from, length, row: (i, j) => first + i * length + j });
  }
}

export const attentionSoftmaxGradient: ReferenceKernel<"attentionSoftmaxGradient"> = (inputs, { y }) => {
  const { probabilities, gradient, offsets, pairOffsets } = inputs;
  eachText(offsets, pairOffsets, ({ length, row }) => {
    for (let i = 0; i < length; i++) {
      for (let h = 0; h < y.columns; h++) {
        const along = sum(length, (j) => get(probabilities, row(i, j), h) * get(gradient, row(i, j), h));
        for (let j = 0; j < length; j++) {
          const at = row(i, j);
          set(y, at, h, get(probabilities, at, h) * (get(gradient, at, h) - along));
        }
      }
    }
  });
};

export const relativeBiasGradient: ReferenceKernel<"relativeBiasGradient"> = (inputs, { y }) => {
  const { gradient, offsets, pairOffsets } = inputs;
  fill(y, () => 0);
  eachText(offsets, pairOffsets, ({ length, row }) => {
    for (let i = 0; i < length; i++) {
      for (let j = 0; j < length; j++) {
        const distance = clampDistance(j - i, y);
        for (let h = 0; h < y.columns; h++) set(y, distance, h, get(y, distance, h) + get(gradient, row(i, j), h));
      }
    }
  });
};

export const disentangledGradient: ReferenceKernel<"disentangledGradient"> = (inputs, { y }, attributes) => {
  const { gradient, offsets, pairOffsets, distanceIndex } = inputs;
  const { heads, side, scale } = attributes;
  const columns = y.columns / heads;
  fill(y, () => 0);
  eachText(offsets, pairOffsets, ({ from, length, row }) => {
    for (let i = 0; i < length; i++) {
      for (let j = 0; j < length; j++) {
        const index = distanceIndex.data[distanceIndex.start + clampDistance(i - j, distanceIndex)] as number;
        const token = from + (side === "query" ? i : j);
        for (let h = 0; h < heads; h++) {
          const column = h * columns + index;
          set(y, token, column, get(y, token, column) + scale * get(gradient, row(i, j), h));
        }
      }
    }
  });
};

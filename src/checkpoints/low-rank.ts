import { memoryTensor, type StoredTensor, tensorValues } from "./stored-types.ts";

/** The two matrices of an adapter, and what their product is multiplied by. */
export interface LowRank {
  readonly down: Float32Array; // [rank, K]
  readonly up: Float32Array; // [N, rank]
  readonly scale: number;
}

/** weight[N, K] + scale x up . down, summed in doubles; f32, of the weight's name. */
export function mergeLowRank(weight: StoredTensor, { down, up, scale }: LowRank): StoredTensor {
  const [rows = 0, columns = 0] = weight.shape;
  const rank = down.length / columns;
  const merged = Float32Array.from(tensorValues(weight));
  const product = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    product.fill(0);
    for (let k = 0; k < rank; k++) {
      const factor = up[row * rank + k]!;
      for (let column = 0; column < columns; column++) product[column]! += factor * down[k * columns + column]!;
    }
    for (let column = 0; column < columns; column++) merged[row * columns + column]! += scale * product[column]!;
  }
  return memoryTensor(weight.name, weight.shape, merged);
}

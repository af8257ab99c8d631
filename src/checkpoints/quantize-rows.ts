/** Weights in fewer bits, as `quantize` writes them and the kernels make them: row by row, symmetric. */
import { elementCount, fromFloat32, type StoredTensor, tensorValues } from "./stored-types.ts";

/** The largest number of a row is this many steps from zero. */
const STEPS = 127;
/** Rows whose numbers are all smaller are zero: their steps per unit would be infinite in f32. */
const SMALLEST = 2 ** -120;

/**
 * Writes a row in whole steps of largest / 127 to `steps`, rounded to nearest, ties to even, every operation in f32.
 *
 * @returns the size of a step: 0 for a row of zeros, NaN for one with a number that is not finite
 */
export function wholeSteps(row: ArrayLike<number>, steps: { [i: number]: number }): number {
  let largest = 0;
  for (let i = 0; i < row.length; i++) largest = Math.max(largest, Math.abs(row[i] as number)); // NaN stays
  largest = Math.fround(largest);
  const perUnit = largest >= SMALLEST && Number.isFinite(largest) ? Math.fround(STEPS / largest) : 0;
  for (let i = 0; i < row.length; i++) {
    steps[i] = perUnit === 0 ? 0 : roundToEven(Math.fround(Math.fround(row[i] as number) * perUnit));
  }
  if (!Number.isFinite(largest)) return Number.NaN;
  return perUnit === 0 ? 0 : Math.fround(largest / STEPS);
}

function roundToEven(number: number): number {
  const whole = Math.round(number);
  return Math.abs(whole - number) === 0.5 && whole % 2 !== 0 ? whole - 1 : whole;
}

/** A tensor in bf16. */
export function inBrainFloat(tensor: StoredTensor): StoredTensor {
  const { name, shape } = tensor;
  return { name, type: "BF16", shape, read: () => fromFloat32("BF16", tensorValues(tensor)) };
}

/** A tensor in int8, and its scales under `scaleName`: two that are made in one pass, when the first of them is read. */
export function inWholeSteps(tensor: StoredTensor, scaleName: string): [StoredTensor, StoredTensor] {
  const { name, shape } = tensor;
  const rows = shape[0] ?? 1;
  const columns = elementCount(shape) / Math.max(1, rows);
  const scales = new Float32Array(rows);
  const quantized = () => {
    const [values, steps] = [tensorValues(tensor), new Int8Array(rows * columns)];
    for (let row = 0; row < rows; row++) {
      const [start, end] = [row * columns, (row + 1) * columns];
      scales[row] = wholeSteps(values.subarray(start, end), steps.subarray(start, end));
    }
    return new Uint8Array(steps.buffer);
  };
  const scaleBytes = () => {
    quantized();
    return new Uint8Array(scales.buffer);
  };
  return [
    { name, type: "I8", shape, read: quantized },
    { name: scaleName, type: "F32", shape: [rows], read: scaleBytes },
  ];
}

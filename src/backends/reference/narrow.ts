import type { ElementType } from "../backend.ts";

/** The largest number of a row is this many steps from zero. */
const STEPS = 127;
/** Rows whose numbers are all smaller are zero: their steps per unit would be infinite in f32. */
const SMALLEST = 2 ** -120;

/**
 * Rounds rows to what `type` can hold, in place and bit for bit as the kernels do: bf16 to nearest even; int8 to whole
 * steps of largest / 127, symmetric, the steps computed in f32. A row with a number that is not finite becomes NaN.
 */
export function narrowRows(numbers: Float64Array, columns: number, type: ElementType): void {
  if (type !== "bf16" && type !== "int8") return;
  for (let start = 0; start < numbers.length; start += columns) {
    const row = numbers.subarray(start, start + columns);
    if (type === "bf16") for (let i = 0; i < columns; i++) row[i] = toBrainFloat(row[i] as number);
    else toWholeSteps(row);
  }
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

function toBrainFloat(number: number): number {
  float[0] = number;
  if (Number.isNaN(number)) return number;
  const word = bits[0] as number;
  bits[0] = (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000;
  return float[0];
}

function toWholeSteps(row: Float64Array): void {
  const largest = Math.fround(row.reduce((most, number) => Math.max(most, Math.abs(number)), 0));
  if (!Number.isFinite(largest)) return void row.fill(Number.NaN);
  if (largest < SMALLEST) return void row.fill(0);
  const scale = Math.fround(largest / STEPS);
  const perUnit = Math.fround(STEPS / largest);
  for (let i = 0; i < row.length; i++) {
    row[i] = roundToEven(Math.fround(Math.fround(row[i] as number) * perUnit)) * scale;
  }
}

function roundToEven(number: number): number {
  const whole = Math.round(number);
  return Math.abs(whole - number) === 0.5 && whole % 2 !== 0 ? whole - 1 : whole;
}

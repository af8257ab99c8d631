import { wholeSteps } from "../../checkpoints/quantize-rows.ts";
import type { ElementType } from "../backend.ts";

/**
 * Rounds rows to what `type` can hold, in place and bit for bit as the kernels do: bf16 to nearest even; int8 to whole
 * steps of largest / 127, symmetric. In int8 a row with a number that is not finite becomes NaN.
 */
export function narrowRows(numbers: Float64Array, columns: number, type: ElementType): void {
  if (type !== "bf16" && type !== "int8") return;
  for (let start = 0; start < numbers.length; start += columns) {
    const row = numbers.subarray(start, start + columns);
    if (type === "bf16") {
      for (let i = 0; i < columns; i++) row[i] = toBrainFloat(row[i] as number);
    } else {
      const scale = wholeSteps(row, row);
      for (let i = 0; i < columns; i++) row[i] = (row[i] as number) * scale;
    }
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

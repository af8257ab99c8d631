/** How numbers are stored in weight files, and their exact conversions to and from f32. All are little-endian. */
import { CheckpointError } from "../errors.ts";

/** The element types that Cloze can use. Files may hold others; those are refused when such a tensor is read. */
export type StoredType = "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "I16" | "I8" | "U8" | "BOOL";

/** A tensor as it stands in a weight file. `read` fetches its bytes, row-major, when they are needed. */
export interface StoredTensor {
  readonly name: string;
  readonly type: StoredType;
  readonly shape: readonly number[];
  /** The bytes, in `target` when given (it must be large enough). Callers must not write to what they get. */
  read(target?: Uint8Array): Uint8Array;
  /** Of I8 alone: a number is its integer times its row's scale. Absent where integers stand for themselves. */
  readonly scales?: (() => Float32Array) | undefined; // [rows]
}

/** Bytes of one number of each stored type. */
export const STORED_BYTES: { readonly [T in StoredType]: number } = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** Elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Bytes that a tensor of this type and shape takes. */
export function byteLength(type: StoredType, shape: readonly number[]): number {
  return elementCount(shape) * STORED_BYTES[type];
}

/** A tensor that lies in memory. `values` must fit the shape. */
export function memoryTensor(name: string, shape: readonly number[], values: Float32Array): StoredTensor {
  if (values.length !== elementCount(shape)) {
    throw new CheckpointError(
      `"${name}" has ${values.length} values; its shape [${shape}] needs ${elementCount(shape)}.`,
    );
  }
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, type: "F32", shape, read: (target) => (target === undefined ? bytes : copyInto(target, bytes)) };
}

/** A tensor of zeros in memory. */
export function zeroTensor(name: string, shape: readonly number[]): StoredTensor {
  return memoryTensor(name, shape, new Float32Array(elementCount(shape)));
}

/** Copies bytes to the start of `target` and returns that part of it. */
export function copyInto(target: Uint8Array, bytes: Uint8Array): Uint8Array {
  target.set(bytes);
  return target.subarray(0, bytes.length);
}

/** A tensor's values as f32, exact for F32, F16, BF16, I16, I8, U8 and BOOL, rounded to nearest for the others. */
export function tensorValues(tensor: StoredTensor): Float32Array {
  return toFloat32(tensor.type, tensor.read());
}

/** Stored bytes as f32. A view on the same bytes where they are F32 and aligned, else fresh. */
export function toFloat32(type: StoredType, bytes: Uint8Array): Float32Array {
  const { buffer, byteOffset, length } = bytes.byteOffset % STORED_BYTES[type] === 0 ? bytes : bytes.slice();
  const count = length / STORED_BYTES[type];
  switch (type) {
    case "F32":
      return new Float32Array(buffer, byteOffset, count);
    case "F64":
      return Float32Array.from(new Float64Array(buffer, byteOffset, count));
    case "F16":
      return fromHalf(new Uint16Array(buffer, byteOffset, count));
    case "BF16":
      return fromBrainFloat(new Uint16Array(buffer, byteOffset, count));
    case "I64":
      return Float32Array.from(new BigInt64Array(buffer, byteOffset, count), Number);
    case "I32":
      return Float32Array.from(new Int32Array(buffer, byteOffset, count));
    case "I16":
      return Float32Array.from(new Int16Array(buffer, byteOffset, count));
    case "I8":
      return Float32Array.from(new Int8Array(buffer, byteOffset, count));
    case "U8":
      return Float32Array.from(new Uint8Array(buffer, byteOffset, count));
    case "BOOL":
      return Float32Array.from(new Uint8Array(buffer, byteOffset, count), (byte) => (byte === 0 ? 0 : 1));
  }
}

/** f32 as stored bytes, rounded to nearest even as PyTorch rounds; values out of an F16's range become infinite. */
export function fromFloat32(type: "F32" | "F16" | "BF16", values: Float32Array): Uint8Array {
  if (type === "F32") return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return new Uint8Array(Uint16Array.from(bits, type === "F16" ? toHalfBits : toBrainFloatBits).buffer);
}

/** All 65,536 halves, made on first use: a table is four times as fast as the arithmetic. */
let halves: Float32Array | undefined;

function fromHalf(stored: Uint16Array): Float32Array {
  halves ??= Float32Array.from({ length: 0x10000 }, (_, bits) => halfValue(bits));
  const table = halves;
  const values = new Float32Array(stored.length);
  for (let i = 0; i < stored.length; i++) values[i] = table[stored[i]!]!;
  return values;
}

/** IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 mantissa bits. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0x1f) return mantissa === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** A bfloat16 is the upper half of an f32. */
function fromBrainFloat(stored: Uint16Array): Float32Array {
  const bits = new Uint32Array(stored.length);
  for (let i = 0; i < stored.length; i++) bits[i] = stored[i]! << 16;
  return new Float32Array(bits.buffer);
}

function toBrainFloatBits(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40; // NaN stays NaN, whatever its payload
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function toHalfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and above round to infinity
  if (magnitude < 0x38800000) {
    // Below 2^-14 halves are multiples of 2^-24: shift the full mantissa there and round to even.
    const shift = 126 - (magnitude >>> 23);
    if (shift > 24) return sign;
    return sign | roundedShift((magnitude & 0x7fffff) | 0x800000, shift);
  }
  return sign | roundedShift(magnitude - 0x38000000, 13);
}

/** value / 2^shift, rounded to nearest even. */
function roundedShift(value: number, shift: number): number {
  const half = 2 ** (shift - 1);
  const quotient = value >>> shift;
  const rest = value - quotient * 2 ** shift;
  return quotient + (rest > half || (rest === half && quotient & 1) ? 1 : 0);
}

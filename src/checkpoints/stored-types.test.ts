import { describe, expect, test } from "vitest";
import { fromFloat32, memoryTensor, type StoredType, toFloat32 } from "./stored-types.ts";

const bytesOf = (values: ArrayBufferView) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

test.each<[StoredType, ArrayBufferView, number[]]>([
  ["F64", Float64Array.of(1.5, -2e300, 2 ** -130), [1.5, -Infinity, 2 ** -130]],
  ["F32", Float32Array.of(1.5, -0), [1.5, -0]],
  ["I64", BigInt64Array.of(-3n, 2n ** 40n), [-3, 2 ** 40]],
  ["I32", Int32Array.of(-3, 16777217), [-3, 16777216]],
  ["I16", Int16Array.of(-3, 32767), [-3, 32767]],
  ["I8", Int8Array.of(-128, 127), [-128, 127]],
  ["U8", Uint8Array.of(0, 255), [0, 255]],
  ["BOOL", Uint8Array.of(0, 1, 7), [0, 1, 1]],
])("%s as f32", (type, stored, values) => {
  expect([...toFloat32(type, bytesOf(stored))]).toEqual(values);
});

test("bytes at odd places are read as well", () => {
  const bytes = new Uint8Array(9);
  bytes.set(bytesOf(Float32Array.of(1.25, -7)), 1);
  expect([...toFloat32("F32", bytes.subarray(1))]).toEqual([1.25, -7]);
});

describe("halves", () => {
  const stored = (bits: number) => toFloat32("F16", Uint8Array.of(bits & 255, bits >> 8))[0]!;

  test.each([
    [0x3c00, 1],
    [0xc000, -2],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x7bff, 65504],
    [0x8000, -0],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x7e00, NaN],
  ])("%i is %d", (bits, value) => expect(stored(bits)).toBe(value));

  test("all 65,536 survive the way to f32 and back", () => {
    const all = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits);
    const back = new Uint16Array(fromFloat32("F16", toFloat32("F16", bytesOf(all))).buffer);
    for (const bits of all) {
      const isNaNBits = (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
      if (isNaNBits) expect(stored(back[bits]!)).toBeNaN();
      else if (back[bits] !== bits) throw new Error(`${bits} came back as ${back[bits]}`);
    }
  });

  test("rounding is to nearest, ties to even, overflow to infinity", () => {
    const round = (value: number) => stored(new Uint16Array(fromFloat32("F16", Float32Array.of(value)).buffer)[0]!);
    expect(round(2049)).toBe(2048);
    expect(round(2051)).toBe(2052);
    expect(round(65519)).toBe(65504);
    expect(round(65520)).toBe(Infinity);
    expect(round(2 ** -25)).toBe(0);
    expect(round(1.5 * 2 ** -25)).toBe(2 ** -24);
    expect(round(2 ** -14 - 2 ** -26)).toBe(2 ** -14);
    expect(round(-1e-30)).toBe(-0);
  });
});

describe("bfloat16", () => {
  const round = (value: number) => toFloat32("BF16", fromFloat32("BF16", Float32Array.of(value)))[0]!;

  test("all 65,536 survive, NaN as NaN", () => {
    const all = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits);
    const back = new Uint16Array(fromFloat32("BF16", toFloat32("BF16", bytesOf(all))).buffer);
    const wrong = all.filter((bits) => back[bits] !== bits && (bits & 0x7fff) <= 0x7f80);
    expect([...wrong]).toEqual([]);
    expect(round(NaN)).toBeNaN();
  });

  test("rounding is to nearest, ties to even", () => {
    expect(round(1 + 2 ** -8)).toBe(1);
    expect(round(1 + 3 * 2 ** -8)).toBe(1 + 2 ** -6);
    expect(round(1 + 2 ** -8 + 2 ** -20)).toBe(1 + 2 ** -7);
    expect(round(3.4e38)).toBe(Infinity);
  });
});

test("values that do not fit their shape are refused", () => {
  const wrong = () => memoryTensor("w", [2, 2], new Float32Array(3));
  expect(wrong).toThrow('"w" has 3 values; its shape [2,2] needs 4.');
});

import { existsSync, readdirSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { floatEntry, safetensorsBytes } from "../../tests/support/safetensors-bytes.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { Safetensors } from "./safetensors.ts";
import { safetensorsChunks, writeSafetensors } from "./safetensors-write.ts";
import { memoryTensor, type StoredTensor, type StoredType, tensorValues } from "./stored-types.ts";

function bytesTensor(name: string, type: StoredType, shape: number[], bytes: number[]): StoredTensor {
  return { name, type, shape, read: () => Uint8Array.from(bytes) };
}

function encode(...given: Parameters<typeof safetensorsChunks>): Uint8Array {
  return Uint8Array.from(Buffer.concat([...safetensorsChunks(...given)]));
}

/** The header's text. */
function decode(bytes: Uint8Array): string {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  return new TextDecoder().decode(bytes.subarray(8, 8 + length));
}

const tensors = [memoryTensor("a", [2], Float32Array.of(1, -2)), memoryTensor("b.c", [1, 3], Float32Array.of(3, 4, 5))];

test("tensors are read one by one, fresh or into a given array", () => {
  const folder = temporaryFolder();
  const file = join(folder, "model.safetensors");
  writeSafetensors(file, tensors);
  const opened = Safetensors.open(file);
  expect(opened.list()).toEqual([
    { name: "a", type: "F32", shape: [2] },
    { name: "b.c", type: "F32", shape: [1, 3] },
  ]);
  expect([...tensorValues(opened.tensor("b.c"))]).toEqual([3, 4, 5]);
  const target = new Uint8Array(16).fill(9);
  const part = opened.tensor("a").read(target);
  expect(part.buffer).toBe(target.buffer);
  expect([...new Float32Array(target.buffer)]).toEqual([1, -2, expect.any(Number), expect.any(Number)]);
  expect(readdirSync(folder)).toEqual(["model.safetensors"]);
});

test("a missing, a shortened, a changed and a replaced file are told apart from a good one (W16)", () => {
  const folder = temporaryFolder();
  const file = join(folder, "model.safetensors");
  expect(() => Safetensors.open(file)).toThrow(`There is no weight file at "${file}".`);
  expect(() => Safetensors.open(folder)).toThrow("There is no weight file at");

  writeSafetensors(file, tensors);
  const shortened = Safetensors.open(file);
  truncateSync(file, 160);
  expect(() => shortened.tensor("b.c").read()).toThrow("changed or replaced after it was opened. Open it again.");
  expect(() => Safetensors.open(file)).toThrow("The file is truncated or damaged: fetch it again.");

  writeSafetensors(file, tensors);
  const replaced = Safetensors.open(file);
  writeSafetensors(join(folder, "other"), tensors);
  renameSync(join(folder, "other"), file);
  expect(() => replaced.tensor("a").read()).toThrow("changed or replaced after it was opened");
});

test("the layout is the reference's: widest types first, then by name; the header padded to 8 bytes", () => {
  const bytes = encode(
    [
      bytesTensor("z", "I64", [1], [1, 0, 0, 0, 0, 0, 0, 0]),
      bytesTensor("b", "BOOL", [1], [1]),
      bytesTensor("h", "F16", [1], [0, 60]),
      bytesTensor("g", "BF16", [1], [128, 63]),
      memoryTensor("y", [], Float32Array.of(1)),
      memoryTensor("x", [1], Float32Array.of(1)),
    ],
    { metadata: new Map([["format", "pt"]]) },
  );
  const header = decode(bytes);
  expect(header.length % 8).toBe(0);
  expect(header.trimEnd()).toBe(
    '{"__metadata__":{"format":"pt"},"z":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},' +
      '"x":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"y":{"dtype":"F32","shape":[],"data_offsets":[12,16]},' +
      '"g":{"dtype":"BF16","shape":[1],"data_offsets":[16,18]},"h":{"dtype":"F16","shape":[1],"data_offsets":[18,20]},' +
      '"b":{"dtype":"BOOL","shape":[1],"data_offsets":[20,21]}}',
  );
});

test("names sort by code point, as UTF-8 does", () => {
  const names = ["\u{1f600}", "\uff5e", "ab", "a", "é"];
  const file = Safetensors.parse(encode(names.map((name) => memoryTensor(name, [], Float32Array.of(0)))), "m");
  expect(file.list().map(({ name }) => name)).toEqual(["a", "ab", "é", "\uff5e", "\u{1f600}"]);
});

test("metadata is format: pt unless given; an empty map leaves it out", () => {
  expect([...(Safetensors.parse(encode([]), "m").metadata ?? [])]).toEqual([["format", "pt"]]);
  expect(Safetensors.parse(encode([], { metadata: new Map() }), "m").metadata).toBeUndefined();
});

test("a file that lists its tensors in another order keeps it when asked to", () => {
  const header = { b: floatEntry([1], 0, 4), a: floatEntry([1], 4, 8) };
  const bytes = safetensorsBytes(JSON.stringify(header).padEnd(112), 8);
  const file = Safetensors.parse(bytes, "m");
  const own = file.list().map(({ name }) => file.tensor(name));
  expect(decode(encode(own, { metadata: new Map(), order: "given" }))).toContain('{"b":');
  expect(decode(encode(own, { metadata: new Map() }))).toContain('{"a":');
});

test("nothing is left behind when a tensor cannot be written", () => {
  const folder = temporaryFolder({ "model.safetensors": "old" });
  const file = join(folder, "model.safetensors");
  const wrong = bytesTensor("b", "F32", [2], [0, 0]);
  expect(() => writeSafetensors(file, [...tensors, wrong])).toThrow(
    'Tensor "b" has 2 bytes; its shape [2] of F32 needs 8.',
  );
  expect(() => writeSafetensors(file, [...tensors, ...tensors])).toThrow('Two tensors would be written as "a".');
  const reserved = memoryTensor("__metadata__", [], Float32Array.of(0));
  expect(() => writeSafetensors(file, [reserved])).toThrow('Two tensors would be written as "__metadata__".');
  expect(readdirSync(folder)).toEqual(["model.safetensors"]);
  writeFileSync(join(folder, "file"), "");
  expect(() => writeSafetensors(join(folder, "file", "m"), tensors)).toThrow();
  expect(existsSync(join(folder, "file"))).toBe(true);
});

import { describe, expect, test } from "vitest";
import {
  ascii,
  call,
  dictionary,
  global,
  int,
  oldPytorchFile,
  pickle,
  pytorchZip,
  tensor,
  text,
  tuple,
  zip,
} from "../../tests/support/pickle-bytes.ts";
import { CheckpointError } from "../errors.ts";
import { PytorchBin } from "./pytorch-bin.ts";
import { tensorValues } from "./stored-types.ts";

const numbers = Float32Array.of(0, 1, 2, 3, 4, 5);

function refusal(bytes: Uint8Array): string {
  try {
    PytorchBin.parse(bytes, "pytorch_model.bin");
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    return (error as Error).message;
  }
  throw new Error("the file was accepted");
}

/** The refusal of a file whose pickle is this. */
function pickleRefusal(value: number[]): string {
  return refusal(zip([{ name: "model/data.pkl", bytes: value }]));
}

function valuesOf(bytes: Uint8Array, name: string): number[] {
  return [...tensorValues(PytorchBin.parse(bytes, "m").tensor(name))];
}

describe("tensors", () => {
  const entries = [
    ["whole", tensor("0", 6, [2, 3])],
    ["transposed", tensor("0", 6, [3, 2], { strides: [1, 3] })],
    ["part", tensor("0", 6, [2], { offset: 4 })],
    ["every second", tensor("0", 6, [3], { strides: [2] })],
    ["one row", tensor("0", 6, [1, 3], { strides: [99, 1] })],
    ["scalar", tensor("1", 1, [])],
    ["empty", tensor("1", 1, [0, 5])],
    ["parameter", call(global("torch._utils", "_rebuild_parameter"), tensor("0", 6, [6]), [0x88], dictionary([]))],
  ] as const;
  const storages = { "0": numbers, "1": Float32Array.of(7) };

  test.each([
    ["a zip archive", pytorchZip(entries, storages)],
    ["a zip64 archive", pytorchZip(entries, storages, { zip64: true })],
    ["an archive with a comment", pytorchZip(entries, storages, { comment: "PK, and more" })],
    ["the layout before PyTorch 1.6", oldPytorchFile(entries, storages)],
  ])("of %s: views of shared storages, transposed ones made row-major", (_, bytes) => {
    const file = PytorchBin.parse(bytes, "m");
    expect(file.list().slice(0, 2)).toEqual([
      { name: "whole", type: "F32", shape: [2, 3] },
      { name: "transposed", type: "F32", shape: [3, 2] },
    ]);
    expect(valuesOf(bytes, "whole")).toEqual([0, 1, 2, 3, 4, 5]);
    expect(valuesOf(bytes, "transposed")).toEqual([0, 3, 1, 4, 2, 5]);
    expect(valuesOf(bytes, "part")).toEqual([4, 5]);
    expect(valuesOf(bytes, "every second")).toEqual([0, 2, 4]);
    expect(valuesOf(bytes, "one row")).toEqual([0, 1, 2]);
    expect(valuesOf(bytes, "scalar")).toEqual([7]);
    expect(valuesOf(bytes, "empty")).toEqual([]);
    expect(valuesOf(bytes, "parameter")).toEqual([0, 1, 2, 3, 4, 5]);
    expect(() => file.tensor("other")).toThrow('"m" has no tensor "other".');
  });

  test("into a given array", () => {
    const file = PytorchBin.parse(pytorchZip(entries, storages), "m");
    const target = new Uint8Array(100);
    expect([...new Float32Array(file.tensor("transposed").read(target).slice().buffer)]).toEqual([0, 3, 1, 4, 2, 5]);
  });

  test("a state dict with attributes, as modules save it", () => {
    const state = [...ascii("}"), ...text("_metadata"), ...dictionary([]), ...ascii("s")];
    const value = [
      ...call(global("collections", "OrderedDict")),
      ...text("a"),
      ...tensor("0", 6, [6]),
      ...ascii("s"),
      ...state,
      ...ascii("b"),
    ];
    const bytes = zip([
      { name: "model/data.pkl", bytes: pickle(value) },
      { name: "model/data/0", bytes: new Uint8Array(numbers.buffer) },
    ]);
    expect(valuesOf(bytes, "a")).toEqual([...numbers]);
  });
});

describe("nothing in a pickle is run (W17)", () => {
  test.each([
    ["__builtin__.print", call(global("__builtin__", "print"), text("x"))],
    ["os.system", call(global("os", "system"), text("x"))],
    ["posix.system", [...text("posix"), ...text("system"), 0x93]],
    ["torch.load", global("torch", "load")],
    ["torch._utils.__dict__", global("torch._utils", "__dict__")],
    ["collections.OrderedDict.x", global("collections", "OrderedDict.x")],
    ["numpy.core.multiarray._reconstruct", global("numpy.core.multiarray", "_reconstruct")],
    ["a value", [...int(1), ...int(2), 0x93]],
  ])("%s is refused by name", (name, value) => {
    expect(pickleRefusal(pickle(value))).toContain(`it asks for "${name}", and only tensors and containers are read`);
  });

  test.each([
    ["i", "i"],
    ["o", "o"],
    ["\x81 (NEWOBJ)", "\x81"],
    ["\x82 (EXT1)", "\x82"],
    ["P", "P"],
    ["\x97 (NEXT_BUFFER)", "\x97"],
  ])("opcode %s", (_, opcode) => {
    expect(pickleRefusal([0x80, 2, opcode.charCodeAt(0), 0x2e])).toContain("it uses pickle opcode");
  });

  test.each([
    ["known names called otherwise", call(global("collections", "OrderedDict"), int(1))],
    ["storage types called", call(global("torch", "FloatStorage"), int(5))],
    ["values called", call(int(1), int(1))],
  ])("%s", (_, value) => expect(pickleRefusal(pickle(value))).toContain("in a way that weights do not need"));
});

describe("damaged pickles", () => {
  test.each([
    ["cut off", [0x80, 2, ...text("abc").slice(0, -1)], "it is cut off"],
    ["without an end", [0x80, 2], "it is cut off"],
    ["a name without an end", ascii("ctorch"), "it is cut off"],
    ["an empty stack", pickle([]), "its stack is empty"],
    ["a lone mark", pickle(ascii("(")), "its stack is empty"],
    ["a group without a beginning", pickle(ascii("t")), "a group has no beginning"],
    ["recalling nothing", pickle([...ascii("h"), 5]), "it recalls value 5"],
    ["items of a number", pickle([...int(1), ...int(2), ...int(3), ...ascii("s")]), "sets items of something other"],
    ["appending to a number", pickle([...int(1), ...int(2), ...ascii("a")]), "it appends to something other"],
    ["attributes of a number", pickle([...int(1), ...int(2), ...ascii("b")]), "it sets attributes of something other"],
    [
      "a storage of no type",
      pickle([...tuple(text("storage"), int(1)), ...ascii("Q")]),
      "something other than a storage",
    ],
    [
      "a view of a storage",
      pickle(tensor("0", 6, [6], { view: tuple(text("0"), int(0), int(3)) })),
      "other than a storage",
    ],
    [
      "an unknown kind of storage",
      pickle(tensor("0", 6, [6], { storageType: "ComplexFloatStorage" })),
      "torch.ComplexFloatStorage",
    ],
    ["a list", pickle(ascii("]")), "holds no dictionary of tensors"],
    ["a training state", pickle(dictionary([[text("epoch"), int(3)]])), '"epoch" is no tensor. A training state'],
    ["numbers as names", pickle(dictionary([[int(1), tensor("0", 6, [6])]])), "whose name is no string"],
  ])("%s", (_, bytes, message) => expect(pickleRefusal(bytes)).toContain(message));

  test("a list that holds itself ends", () => {
    const cyclic = [...ascii("]q"), 0, ...ascii("h"), 0, ...ascii("a")];
    expect(pickleRefusal(pickle(cyclic))).toContain("holds no dictionary of tensors");
  });
});

describe("tensors beyond their storage", () => {
  const file = (value: number[], storage: Float32Array = numbers) =>
    refusal(pytorchZip([["t", value]], { "0": storage }));
  test.each([
    [
      "expanded without bytes",
      tensor("0", 6, [1000, 6], { strides: [0, 1] }),
      "is larger than its storage of 6 elements",
    ],
    ["past the end", tensor("0", 6, [2, 3], { offset: 1 }), "reaches beyond its storage"],
    ["strided past the end", tensor("0", 6, [2, 2], { strides: [5, 1] }), "reaches beyond its storage"],
    ["without strides", tensor("0", 6, [2, 3], { strides: [1] }), "has 1 strides"],
    ["of negative size", tensor("0", 6, [-1]), "shape or strides are no whole numbers"],
    ["without a storage", tensor("1", 6, [6]), 'the numbers of "t" are missing'],
    ["of another size than its storage's file", tensor("0", 7, [6]), "has a storage of another size than it says"],
  ])("%s", (_, value, message) => expect(file(value)).toContain(message));

  test("in the old layout", () => {
    const bytes = oldPytorchFile([["t", tensor("0", 6, [6])]], { "0": numbers });
    expect(refusal(bytes.subarray(0, bytes.length - 1))).toContain('is truncated in storage "0"');
  });
});

describe("archives", () => {
  const members = [{ name: "model/data.pkl", bytes: pickle(dictionary([])) }];
  const good = zip(members);
  test.each([
    ["compressed", zip([{ ...members[0]!, method: 8 }]), '"model/data.pkl" is compressed; expected stored members'],
    ["encrypted", zip([{ ...members[0]!, flags: 1 }]), '"model/data.pkl" is encrypted'],
    ["holding a name twice", zip([...members, ...members]), 'it holds "model/data.pkl" twice'],
    ["without a pickle", zip([{ name: "a/other", bytes: [] }]), "holds no data.pkl"],
    ["cut off", good.subarray(0, good.length - 1), "it is no zip archive, or cut off"],
    ["no archive", new TextEncoder().encode("hello"), "it is no zip archive, or cut off"],
    ["empty", new Uint8Array(0), "it is no zip archive, or cut off"],
    ["big-endian", pytorchZip([], {}, { byteOrder: "big" }), "was written on a big-endian machine"],
    ["without their first bytes", good.subarray(10), "cannot be read"],
  ])("%s", (_, bytes, message) => expect(refusal(Uint8Array.from(bytes))).toContain(message));

  test("whose members claim the same bytes many times", () => {
    const bytes = zip(Array.from({ length: 40 }, (_, i) => ({ name: `model/data/${i}`, bytes: new Uint8Array(1000) })));
    const directory = bytes.findLastIndex((_, i) => bytes[i] === 0x50 && bytes[i + 2] === 1 && bytes[i + 3] === 2);
    const data = new DataView(bytes.buffer);
    data.setUint32(directory + 20, 39_500, true);
    data.setUint32(directory + 24, 39_500, true);
    expect(refusal(bytes)).toMatch(/members are larger than the file|lies outside the file/);
  });

  test("with any one byte changed are read or refused, never more", () => {
    const bytes = pytorchZip([["t", tensor("0", 6, [2, 3])]], { "0": numbers });
    for (let i = 0; i < bytes.length; i++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const changed = bytes.slice();
        changed[i]! ^= flip;
        try {
          const file = PytorchBin.parse(changed, "m");
          for (const { name } of file.list()) file.tensor(name).read();
        } catch (error) {
          if (!(error instanceof CheckpointError))
            throw new Error(`byte ${i} ^ ${flip}: ${String(error)}`, { cause: error });
        }
      }
    }
  });
});

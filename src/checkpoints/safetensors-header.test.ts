import { describe, expect, test } from "vitest";
import { floatEntry, safetensorsBytes } from "../../tests/support/safetensors-bytes.ts";
import { CheckpointError } from "../errors.ts";
import { Safetensors } from "./safetensors.ts";

function parse(header: string | Uint8Array | object, dataBytes = 0, declared?: bigint) {
  return Safetensors.parse(safetensorsBytes(header, dataBytes, declared), "m.safetensors");
}

/** The message of the CheckpointError that reading throws. */
function refusal(header: string | Uint8Array | object, dataBytes = 0, declared?: bigint): string {
  try {
    parse(header, dataBytes, declared);
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    return (error as Error).message;
  }
  throw new Error("the file was accepted");
}

/** Milliseconds of processor time: what other processes do meanwhile does not count. */
function processorTime(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

const f32 = (begin: number, end: number) => floatEntry([(end - begin) / 4], begin, end);
const one = { dtype: "F32", shape: [1], data_offsets: [0, 4] };

describe("lengths (W1, W2)", () => {
  test("a file too short for a length", () => {
    const short = () => Safetensors.parse(new Uint8Array(7), "m.safetensors");
    expect(short).toThrow('"m.safetensors" has 7 bytes, too few for a safetensors file.');
  });

  test("an empty header", () => expect(refusal("")).toContain('expected "{"'));

  test.each([10n, 2n ** 53n + 1n, 2n ** 62n, 2n ** 63n, 2n ** 64n - 1n])(
    "a header of %i bytes in a file of 16",
    (n) => {
      expect(refusal("{}      ", 0, n)).toContain(`says that its header has ${n} bytes, but only 8 follow`);
    },
  );

  test("a header over the limit is refused, and read when the limit is raised to 100 MB at most", () => {
    const header = new Uint8Array(25_000_001).fill(0x20);
    header.set([0x7b, 0x7d]);
    const bytes = safetensorsBytes(header);
    expect(() => Safetensors.parse(bytes, "m")).toThrow("a header of 25000001 bytes; at most 25000000 are read");
    expect(Safetensors.parse(bytes, "m", { maxHeaderBytes: 26_000_000 }).list()).toEqual([]);
    const huge = safetensorsBytes(new Uint8Array(100_000_001));
    expect(() => Safetensors.parse(huge, "m", { maxHeaderBytes: 1e9 })).toThrow("at most 100000000 are read");
  });
});

describe("text (W3, W4)", () => {
  test("invalid UTF-8", () => {
    expect(refusal(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d))).toBe(
      '"m.safetensors": the header is not valid UTF-8.',
    );
  });

  test.each([
    ["a byte order mark", "\ufeff{}"],
    ["a list", "[]"],
    ["a string", '"a"'],
    ["no JSON", "hello"],
    ["a missing brace", '{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}'],
    ["a trailing comma", "{,}"],
    ["something after the brace", "{}{}"],
    ["zeros as padding", "{}\0\0"],
    ["a control character in a name", '{"a\u0001":1}'],
    ["an unknown escape", '{"\\x":1}'],
    ["half a surrogate pair", '{"\\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'],
    ["an unclosed string of a megabyte", `{"${"a".repeat(1_000_000)}`],
  ])("%s", (_, header) => expect(refusal(header)).toContain("the header is not valid"));

  test("white space may stand before, within and after", () => {
    expect(parse(` \t\r\n{ "a" : { "dtype":"F32" , "shape":[ 1 ], "data_offsets":[0, 4 ] } }\n  `, 4).list()).toEqual([
      { name: "a", type: "F32", shape: [1] },
    ]);
  });
});

describe("names (W5, W6)", () => {
  const entry = JSON.stringify(one);
  test.each([
    ["a tensor", `{"a":${entry},"a":${entry}}`, 'tensor "a" stands twice'],
    ["a tensor, once escaped", `{"a":${entry},"\\u0061":${entry}}`, 'tensor "a" stands twice'],
    ["metadata", '{"__metadata__":{},"__metadata__":{}}', "__metadata__ stands twice"],
    ["a key of the metadata", '{"__metadata__":{"k":"1","k":"2"}}', '__metadata__ has "k" twice'],
    ["a field of a tensor", '{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', '"dtype"'],
  ])("%s that stands twice", (_, header, message) => expect(refusal(header, 4)).toContain(message));

  test("names that mean something to objects are plain names", () => {
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
    const pairs = names.map((name, i) => `"${name}":${JSON.stringify(f32(4 * i, 4 * i + 4))}`);
    const file = parse(`{${pairs.join(",")}}`, 16);
    expect(file.list().map(({ name }) => name)).toEqual(names);
    expect(file.tensor("__proto__").read()).toHaveLength(4);
    expect(file.has("valueOf")).toBe(false);
    expect(() => file.tensor("valueOf")).toThrow('"m.safetensors" has no tensor "valueOf".');
  });
});

describe("offsets (W7)", () => {
  test.each([
    ["overlap", { a: f32(0, 8), b: f32(4, 12) }, 12],
    ["leave a hole", { a: f32(0, 4), b: f32(8, 12) }, 12],
    ["do not begin at 0", { a: f32(4, 8) }, 8],
    ["run backwards", { a: { dtype: "F32", shape: [1], data_offsets: [4, 0] } }, 4],
    ["share all their bytes", { a: f32(0, 4), b: f32(0, 4) }, 4],
  ])("that %s", (_, header, dataBytes) => expect(refusal(header, dataBytes)).toContain("without gap or overlap"));

  test.each([
    ["less than is there", { a: f32(0, 4) }, 5],
    ["nothing at all", {}, 1],
    ["more than is there", { a: f32(0, 8) }, 4],
  ])("that cover %s", (_, header, dataBytes) => {
    expect(refusal(header, dataBytes)).toContain(`holds ${dataBytes} bytes of data`);
  });

  test.each(["-4", "4.0", "1e1", "04", "9007199254740993", "18446744073709551616", '"4"', "null", "[4]"])(
    "the number %s",
    (number) => {
      expect(refusal(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,${number}]}}`, 4)).toMatch(
        /not valid at character \d+: expected/,
      );
    },
  );

  test("need not be in the header's order", () => {
    const file = parse({ b: f32(4, 8), a: f32(0, 4) }, 8);
    expect(file.list().map(({ name }) => name)).toEqual(["b", "a"]);
  });
});

describe("shapes (W8)", () => {
  const shaped = (shape: string, end: number) => `{"a":{"dtype":"F32","shape":[${shape}],"data_offsets":[0,${end}]}}`;
  test.each([
    ["does not fill its bytes", shaped("2", 4), 4],
    ["overflows 64 bits to the right size", shaped("4611686018427387905", 4), 4],
    ["overflows by a product", shaped("4294967296,4294967296,4", 0), 0],
    ["has a product of 2^64 and a bit", shaped("3037000500,3037000500,3", 4), 4],
  ])("that %s", (_, header, bytes) => expect(refusal(header, bytes)).toMatch(/does not fill|whole number below/));

  test("of rank 10^6 take no time", () => {
    const spent = processorTime(() => {
      expect(refusal(shaped(Array(1_000_000).fill("65536").join(), 4), 4)).toContain("does not fill");
      expect(parse(shaped(Array(100_000).fill("1").join(), 4), 4).list()[0]?.shape).toHaveLength(100_000);
    });
    expect(spent).toBeLessThan(1000);
  });
});

describe("types and metadata (W9)", () => {
  test("an unknown type is refused only when the tensor is used", () => {
    const file = parse({ a: { dtype: "X7", shape: [3], data_offsets: [0, 2] }, b: f32(2, 6) }, 6);
    expect(file.tensor("b").read()).toHaveLength(4);
    expect(() => file.tensor("a")).toThrow('tensor "a" is stored as X7; known: F64, F32, F16, BF16,');
  });

  test("a known type that Cloze does not compute with, likewise", () => {
    const file = parse({ a: { dtype: "F8_E4M3", shape: [4], data_offsets: [0, 4] } }, 4);
    expect(() => file.tensor("a")).toThrow("is stored as F8_E4M3");
  });

  test("types smaller than a byte must fill whole bytes", () => {
    const four = (size: number, end: number) => ({ a: { dtype: "F4", shape: [size], data_offsets: [0, end] } });
    expect(parse(four(4, 2), 2).list()[0]?.type).toBe("F4");
    expect(refusal(four(3, 2), 2)).toContain("does not fill its 2 bytes exactly");
  });

  test.each([
    '{"__metadata__":{"a":1}}',
    '{"__metadata__":{"a":null}}',
    '{"__metadata__":["a"]}',
    '{"__metadata__":"a"}',
  ])("metadata that is not strings: %s", (header) => expect(refusal(header)).toContain("expected"));

  test("a tensor without or with other fields than dtype, shape and data_offsets", () => {
    expect(refusal('{"a":{"dtype":"F32","shape":[1]}}', 4)).toContain(
      'tensor "a" needs dtype, shape and two data_offsets',
    );
    expect(refusal('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}', 4)).toContain("two data_offsets");
    expect(refusal('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"strides":[1]}}', 4)).toContain('"strides"');
  });

  test("metadata keeps its order", () => {
    const file = parse('{"__metadata__":{"z":"1","a":"\\u0032"}}');
    expect([...(file.metadata ?? [])]).toEqual([
      ["z", "1"],
      ["a", "2"],
    ]);
  });
});

describe("odd but right (W10)", () => {
  test("empty tensors, scalars, and bytes at odd places", () => {
    const header = {
      empty: { dtype: "F32", shape: [0, 3], data_offsets: [1, 1] },
      byte: { dtype: "U8", shape: [1], data_offsets: [0, 1] },
      scalar: { dtype: "F32", shape: [], data_offsets: [1, 5] },
    };
    const file = parse(header, 5);
    expect(file.tensor("empty").read()).toHaveLength(0);
    const scalar = file.tensor("scalar");
    expect(scalar.shape).toEqual([]);
    expect(scalar.read()).toHaveLength(4);
    expect(scalar.read().byteOffset % 4).toBe(0);
  });
});

test("a header full of tensors on the same bytes is refused at once (W11)", () => {
  const entry = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
  const names = Array.from({ length: 380_000 }, (_, i) => `"${i}":${entry}`);
  const bytes = safetensorsBytes(`{${names.join(",")}}`, 4);
  expect(bytes.length).toBeGreaterThan(20_000_000);
  const spent = processorTime(() => {
    expect(() => Safetensors.parse(bytes, "m")).toThrow("without gap or overlap");
  });
  // Under a second on an idle machine; twice that leaves room for cold caches.
  expect(spent).toBeLessThan(2000);
});

import { describe, expect, it } from "vitest";
import { largestDifference, requireAgreement } from "../../bench/agreement.ts";
import { type Figure, formatFigure, reaches } from "../../bench/figure.ts";
import { interleave, median, speedup } from "../../bench/interleave.ts";
import { ProtobufWriter } from "../../bench/onnx/protobuf-writer.ts";

describe("figures", () => {
  const ratio: Figure = { name: "a set", value: 1.46, unit: "x", floor: 1.5, worst: 1.2, detail: "details" };

  it("grants ratios of times 3 % for noise, and nothing else", () => {
    expect(reaches(ratio)).toBe(true);
    expect(reaches({ ...ratio, value: 1.45 })).toBe(false);
    expect(reaches({ ...ratio, unit: "MB", value: 351, floor: 350, atMost: true })).toBe(false);
    expect(reaches({ name: "told only", value: 0, unit: "x", detail: "" })).toBe(true);
  });

  it("shows name, value, floor and the worst repeat in a line", () => {
    expect(formatFigure({ ...ratio, value: 1 })).toMatch(
      /^FAIL a set .* 1\.00 x \(at least 1\.5, worst 1\.20\) +details$/,
    );
  });

  it("compares medians, and repeats in pairs for the worst", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(speedup([10, 20, 30], [5, 20, 10])).toEqual({ ratio: 2, worst: 1 });
  });

  it("runs sides in turn, first once uncounted, then in alternating order", async () => {
    const calls: string[] = [];
    const side = (name: string) => async () => calls.push(name);
    const times = await interleave(2, { a: side("a"), b: side("b") });
    expect(calls).toEqual(["a", "b", "a", "b", "b", "a"]);
    expect(times).toEqual({ a: [3, 6], b: [4, 5] });
  });
});

describe("agreement of both sides", () => {
  const [a, b] = [[Float32Array.of(1, 2)], [Float32Array.of(1, 2.5)]];

  it("is the largest difference of any number", () => {
    expect(largestDifference(a, b)).toBe(0.5);
    expect(() => requireAgreement("a set", a, b)).toThrow("a set: the peer's embeddings differ from Cloze's by 0.5");
  });

  it("is not reached by a NaN, or by fewer vectors", () => {
    expect(() => requireAgreement("a set", a, [Float32Array.of(1, Number.NaN)])).toThrow("NaN");
    expect(() => requireAgreement("a set", a, [])).toThrow("1 embeddings against 0");
  });
});

it("writes Protocol Buffers as the format's own documentation shows them", () => {
  const inner = new ProtobufWriter().integer(1, 150);
  expect([...inner.finish()]).toEqual([0x08, 0x96, 0x01]);
  const outer = new ProtobufWriter().text(2, "testing").message(3, inner).integer(1, -1).float(4, 1);
  expect([...outer.finish()]).toEqual([
    ...[0x12, 0x07, ...new TextEncoder().encode("testing")],
    ...[0x1a, 0x03, 0x08, 0x96, 0x01],
    ...[0x08, ...Array(9).fill(0xff), 0x01],
    ...[0x25, 0x00, 0x00, 0x80, 0x3f],
  ]);
});

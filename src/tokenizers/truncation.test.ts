import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../errors.ts";
import { keptLengths, windowRanges } from "./truncation.ts";

describe("keptLengths", () => {
  it("lets the longer text give way first", () => {
    expect(keptLengths([3, 10], 8, "longest-first")).toEqual([3, 5]);
    expect(keptLengths([10, 3], 8, "longest-first")).toEqual([5, 3]);
  });

  it("gives each text half, and the longer one the odd token", () => {
    expect(keptLengths([9, 10], 7, "longest-first")).toEqual([3, 4]);
    expect(keptLengths([10, 9], 7, "longest-first")).toEqual([4, 3]);
  });

  it("cuts only the text that it is told to", () => {
    expect(keptLengths([10, 3], 8, "only-first")).toEqual([5, 3]);
    expect(keptLengths([3, 10], 8, "only-second")).toEqual([3, 5]);
    expect(() => keptLengths([3, 10], 8, "only-first")).toThrow(InputError);
    expect(() => keptLengths([10], 8, "only-second")).toThrow(InputError);
  });

  it("never exceeds the room, nor a text", () => {
    const length = fc.nat({ max: 50 });
    fc.assert(
      fc.property(fc.array(length, { minLength: 1, maxLength: 2 }), length, (lengths, room) => {
        const kept = keptLengths(lengths, room, "longest-first");
        const total = lengths.reduce((sum, length) => sum + length, 0);
        expect(kept.reduce((sum, length) => sum + length, 0)).toBe(Math.min(total, room));
        expect(kept.every((length, i) => length >= 0 && length <= lengths[i]!)).toBe(true);
      }),
    );
  });
});

describe("windowRanges", () => {
  it("moves on by what the stride leaves", () => {
    const ranges = windowRanges(10, 4, 1, "right");
    expect(ranges.map(({ start, end }) => [start, end])).toEqual([[0, 4], [3, 7], [6, 10]]); // biome-ignore format: pairs
    const back = windowRanges(10, 4, 2, "left");
    expect(back.map(({ start, end }) => [start, end])).toEqual([[6, 10], [4, 8], [2, 6], [0, 4]]); // biome-ignore format: pairs
  });

  it("refuses to stand still", () => {
    expect(() => windowRanges(10, 4, 4, "right")).toThrow(InputError);
  });

  it("covers every token", () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 20 }), fc.nat({ max: 19 }));
    fc.assert(
      fc.property(sizes, fc.constantFrom("left", "right"), ([length, kept, stride], side) => {
        fc.pre(stride < kept);
        const covered = new Set<number>();
        for (const { start, end } of windowRanges(length, kept, stride, side)) {
          expect(end - start).toBeLessThanOrEqual(kept);
          for (let i = start; i < end; i++) covered.add(i);
        }
        expect(covered.size).toBe(length);
      }),
    );
  });
});

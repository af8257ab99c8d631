import { expect, test } from "vitest";
import { NumberComparison } from "./number-comparison.ts";

function compared(...pairs: (readonly [own: number, recorded: number])[]): NumberComparison {
  const comparison = new NumberComparison();
  for (const [own, recorded] of pairs) comparison.add(own, recorded);
  return comparison;
}

test("the largest difference, the largest recorded number, the cosine", () => {
  expect(compared([1, 1], [0, -2], [3, 2.5])).toMatchObject({ difference: 2, largest: 2.5 });
  expect(compared([3, 6], [4, 8]).cosine).toBeCloseTo(1, 12);
  expect(compared([0, 0]).cosine).toBe(1);
  expect(compared([0, 1]).cosine).toBe(0);
});

test("NaN on either side is the difference, wherever it stands", () => {
  expect(compared([Number.NaN, 1], [1, 1]).difference).toBeNaN();
  expect(compared([1, 1], [1, Number.NaN]).difference).toBeNaN();
});

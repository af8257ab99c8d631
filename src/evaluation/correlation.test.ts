import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { describeShared } from "../../tests/support/shared.ts";
import { pearson, spearman } from "./correlation.ts";

interface Expected {
  readonly correlation: {
    readonly x: number[];
    readonly y: number[];
    readonly z_with_ties: number[];
    readonly pearson: number;
    readonly spearman: number;
    readonly spearman_ties: number;
  };
}

describeShared("correlation as SciPy computes it", "goldens/metrics.json", (path) => {
  const { correlation } = JSON.parse(readFileSync(path, "utf8")) as Expected;

  it("Pearson's r", () => {
    expect(pearson(correlation.x, correlation.y)).toBeCloseTo(correlation.pearson, 12);
  });

  it("Spearman's rho, ties included", () => {
    expect(spearman(correlation.x, correlation.y)).toBeCloseTo(correlation.spearman, 12);
    expect(spearman(correlation.x, correlation.z_with_ties)).toBeCloseTo(correlation.spearman_ties, 12);
  });
});

it("refuses lists of different lengths", () => {
  expect(() => spearman([1, 2], [1])).toThrow("Cannot correlate 2 values with 1");
});

it("is 1 for any rising relation", () => {
  expect(spearman([1, 2, 3, 4], [1, 10, 11, 500])).toBe(1);
  expect(spearman([1, 2, 3, 4], [4, 3, 2, 1])).toBe(-1);
});

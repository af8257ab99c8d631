import { expect, it } from "vitest";
import { SIMILARITY_FUNCTIONS } from "./similarity.ts";

const a = Float32Array.of(1, 2, 2);
const b = Float32Array.of(2, 0, -1);

it("computes each measure; distances are negative", () => {
  expect(SIMILARITY_FUNCTIONS.dot(a, b)).toBe(0);
  expect(SIMILARITY_FUNCTIONS.cosine(a, Float32Array.of(2, 4, 4))).toBeCloseTo(1, 12);
  expect(SIMILARITY_FUNCTIONS.cosine(a, Float32Array.of(0, 3, 0))).toBeCloseTo(2 / 3, 12);
  expect(SIMILARITY_FUNCTIONS.euclidean(a, b)).toBeCloseTo(-Math.sqrt(14), 12);
  expect(SIMILARITY_FUNCTIONS.manhattan(a, b)).toBe(-6);
});

it("is 0, not NaN, beside a vector of zeros", () => {
  expect(SIMILARITY_FUNCTIONS.cosine(a, new Float32Array(3))).toBe(0);
});

it("refuses embeddings of two models", () => {
  expect(() => SIMILARITY_FUNCTIONS.cosine(a, new Float32Array(4))).toThrow("Embeddings of 3 and 4 numbers");
});

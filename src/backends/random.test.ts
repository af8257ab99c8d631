import { expect, test } from "vitest";
import { gaussian, seedOf, uniform } from "./random.ts";

const COUNT = 100_000;
const numbers = (next: (i: number) => number) => Array.from({ length: COUNT }, (_, i) => next(i));
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

test("uniform numbers fill [0, 1) evenly, and neighbours are independent", () => {
  const values = numbers((i) => uniform(7, i));
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...values)).toBeLessThan(1);
  const buckets = new Array<number>(10).fill(0);
  for (const value of values) buckets[Math.floor(value * 10)]! += 1;
  for (const count of buckets) expect(Math.abs(count - COUNT / 10)).toBeLessThan(500);
  const correlation = mean(values.slice(1).map((value, i) => (value - 0.5) * (values[i]! - 0.5))) * 12;
  expect(Math.abs(correlation)).toBeLessThan(0.02);
});

test("gaussian numbers have mean 0, deviation 1 and thin tails", () => {
  const values = numbers((i) => gaussian(3, i));
  expect(Math.abs(mean(values))).toBeLessThan(0.02);
  expect(Math.abs(mean(values.map((value) => value * value)) - 1)).toBeLessThan(0.02);
  const beyondTwo = values.filter((value) => Math.abs(value) > 2).length / COUNT;
  expect(Math.abs(beyondTwo - 0.0455)).toBeLessThan(0.003);
});

test("a number depends on its seed and place alone", () => {
  expect(gaussian(5, 99)).toBe(gaussian(5, 99));
  expect(gaussian(5, 99)).not.toBe(gaussian(6, 99));
  expect(seedOf(1, "a")).not.toBe(seedOf(1, "b"));
});

import { describe, expect, it } from "vitest";
import { tensorValues } from "../checkpoints/stored-types.ts";
import { Graph } from "../engine/graph.ts";
import { type Initializer, normal, ONES, sinusoids } from "../engine/initializer.ts";
import { InputError } from "../errors.ts";
import { freshWeights } from "./fresh-weights.ts";

/** The fresh numbers of a parameter "a" [rows, columns], beside others of a graph. */
function fresh(initializer: Initializer, shape: readonly number[], { seed = 1, others = 0, name = "a" } = {}) {
  const graph = new Graph();
  for (let i = 0; i < others; i++) graph.parameter(`other.${i}`, [3], ONES);
  graph.parameter(name, shape, initializer);
  return tensorValues(freshWeights(graph, seed)(name));
}

const mean = (values: Float32Array) => values.reduce((sum, x) => sum + x, 0) / values.length;
const deviation = (values: Float32Array) => Math.sqrt(mean(values.map((x) => x * x)));

describe("numbers", () => {
  it("depend on seed and name alone", () => {
    const first = fresh(normal(0.02), [4, 5]);
    expect(fresh(normal(0.02), [4, 5], { others: 3 })).toEqual(first);
    expect(fresh(normal(0.02), [4, 5], { seed: 2 })).not.toEqual(first);
    expect(fresh(normal(0.02), [4, 5], { name: "b" })).not.toEqual(first);
  });

  it("are normal with the deviation that is asked for", () => {
    const values = fresh(normal(0.02), [200, 200]);
    expect(Math.abs(mean(values))).toBeLessThan(0.0005);
    expect(deviation(values)).toBeCloseTo(0.02, 3);
    expect(values.some((x) => Math.abs(x) > 0.04)).toBe(true);
  });

  it("are cut at two deviations where the initializer is", () => {
    const values = fresh({ kind: "truncatedNormal", deviation: 0.02 }, [200, 200]);
    expect(values.every((x) => Math.abs(x) <= 0.0400001)).toBe(true);
    // Of a normal distribution cut at two deviations; four standard errors to either side.
    expect(Math.abs(deviation(values) / 0.02 - 0.8796)).toBeLessThan(0.01);
  });

  it("are constants, and sines before cosines", () => {
    expect([...fresh(ONES, [3])]).toEqual([1, 1, 1]);
    const table = fresh(sinusoids(10000), [2, 4]);
    expect([...table.subarray(0, 4)]).toEqual([0, 0, 1, 1]);
    const angles = [1, 0.01];
    [...angles.map(Math.sin), ...angles.map(Math.cos)].forEach((x, i) => {
      expect(table[4 + i]).toBeCloseTo(x, 6);
    });
  });
});

it("refuses a name that the graph does not have", () => {
  expect(() => freshWeights(new Graph(), 1)("x")).toThrow(InputError);
});

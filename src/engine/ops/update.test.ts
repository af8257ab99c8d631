import { describe, expect, test } from "vitest";
import { ReferenceBackend } from "../../backends/reference/reference.ts";
import { memoryTensor } from "../../checkpoints/stored-types.ts";
import { Graph, type Value } from "../graph.ts";
import { ZEROS } from "../initializer.ts";
import { buildProgram } from "../program.ts";
import { affine } from "./elementwise.ts";
import { accumulate, adafactor, adamW, lion, stableAdamW } from "./update.ts";

const PARAMETER = [0.5, -0.3, 0.8, -1.2, 0.1, 0.4];
const GRADIENTS = [
  [0.1, -0.2, 0.3, 0.4, 0, -0.6],
  [3, -0.1, 0.2, -0.4, 2.5, 0.1],
  [-0.05, 0.3, 0, 1, -0.7, 0.02],
];
const FACTORS = { rateFactor: 1, decayFactor: 1 };

type Build = (state: (kind: string, shape?: readonly number[]) => Value, settings: Value) => Value;

/** The parameter after a step by each gradient; what `settings` gives for step 1, 2, 3. */
async function trained(build: Build, settings: (step: number) => number[], shape: readonly number[] = [2, 3]) {
  const graph = new Graph();
  const state = (kind: string, size = shape) => graph.parameter(kind, size, ZEROS);
  const given = graph.input("settings", [9], "f32");
  const update = buildProgram(graph, { y: build(state, given) }, { trainable: true });
  const count = shape.reduce((a, b) => a * b, 1);
  const sizes = new Map(graph.parameters.map(({ name, shape }) => [name, shape]));
  const load = new Graph();
  const slope = load.input("slope", shape as number[], "f32");
  const loading = buildProgram(
    load,
    { y: accumulate(load.parameter("gradient", shape, ZEROS), slope) },
    { trainable: true },
  );
  const read = new Graph();
  const reading = buildProgram(
    read,
    { y: affine(read.parameter("parameter", shape, ZEROS), 1, -0) },
    { trainable: true },
  );
  const backend = new ReferenceBackend();
  const set = backend.createParameters((name) => {
    const size = sizes.get(name)!;
    const numbers =
      name === "parameter" ? PARAMETER.slice(0, count) : new Array(size.reduce((a, b) => a * b, 1)).fill(0);
    return memoryTensor(name, size, Float32Array.from(numbers));
  });
  for (const [i, gradient] of GRADIENTS.entries()) {
    await backend.compile(loading, set).run({ slope: Float32Array.from(gradient.slice(0, count)) }, {});
    await backend.compile(update, set).run({ settings: Float32Array.from(settings(i + 1)) }, {});
  }
  return [...(await backend.compile(reading, set).run({}, {})).y!];
}

function moments(state: Parameters<Build>[0]) {
  const operands = { parameter: state("parameter"), gradient: state("gradient") };
  return { ...operands, first: state("first"), second: state("second") };
}

const adamSettings = (t: number) => [1, 0.1, 0.9, 0.999, 1e-8, 0.1, 1 - 0.9 ** t, 1 - 0.999 ** t, 1];

function expectNear(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, number] of expected.entries()) expect(Math.abs(actual[i]! - number)).toBeLessThan(2e-6);
}

describe("three steps give the numbers of other implementations", () => {
  test("adamW: PyTorch 2.15, AdamW", async () => {
    const numbers = await trained((state, settings) => adamW({ ...moments(state), settings }, FACTORS), adamSettings);
    expectNear(numbers, [0.253159865, -0.108991606, 0.507155849, -1.310767945, -0.01479692, 0.578950052]);
  });

  test("stableAdamW: algorithm 2 of the paper, in a few lines of Python", async () => {
    const build: Build = (state, settings) => stableAdamW({ ...moments(state), settings }, FACTORS);
    const numbers = await trained(build, adamSettings);
    expectNear(numbers, [0.253591536, -0.109501699, 0.507712924, -1.310865171, -0.014392847, 0.57868804]);
  });

  test("lion: algorithm 2 of the paper, in a few lines of Python", async () => {
    const build: Build = (state, settings) => {
      const { second: _, ...states } = moments(state);
      return lion({ ...states, settings }, FACTORS);
    };
    const numbers = await trained(build, () => [1, 0.01, 0.9, 0.99, 0, 0.1, 1, 1, 1]);
    expectNear(numbers, [0.46853149, -0.28913089, 0.767632389, -1.206393609, 0.0997103, 0.40879121]);
  });

  // transformers 5.23: Adafactor with scale_parameter and relative_step off, epsilon 1e-30, decay_rate -0.8
  const factored = (most: number) => (t: number) => [1, 0.1, most, 1 - t ** -0.8, 1e-30, 0.1, 1, 1, 1];
  test.each([
    [0, [0.267426091, -0.098599118, 0.625364674, -1.32177546, -0.036703622, 0.446561437]],
    [1, [0.292641552, -0.129475611, 0.644721794, -1.309366194, -0.015679816, 0.435973995]],
    [0.5, [0.390744246, -0.223877827, 0.710480497, -1.275139436, 0.073514622, 0.408038797]],
  ])("adafactor of a matrix, updates up to %d: transformers", async (most, expected) => {
    const build: Build = (state, settings) => {
      const states = { rows: state("rows", [2]), columns: state("columns", [3]) };
      return adafactor({ parameter: state("parameter"), gradient: state("gradient"), ...states, settings }, FACTORS);
    };
    expectNear(await trained(build, factored(most)), expected);
  });

  test("adafactor of a vector: transformers", async () => {
    const build: Build = (state, settings) => {
      const operands = { parameter: state("parameter"), gradient: state("gradient"), rows: state("rows") };
      return adafactor({ ...operands, settings }, FACTORS);
    };
    expectNear(await trained(build, factored(0.5), [3]), [0.370809519, -0.294901425, 0.686070534]);
  });
});

test("adafactor refuses a matrix without means by column", () => {
  const graph = new Graph();
  const of = (name: string, shape: readonly number[]) => graph.parameter(name, shape, ZEROS);
  const operands = {
    parameter: of("p", [2, 3]),
    gradient: of("g", [2, 3]),
    rows: of("r", [2]),
    settings: of("s", [9]),
  };
  expect(() => adafactor(operands, FACTORS)).toThrow("adafactor: rows [N] and, of a matrix [N, K], columns [K]");
});

import { describe, expect, test } from "vitest";
import type { RunInputs, Shape, Sizes } from "../backends/backend.ts";
import { ACTIVATIONS, POOLINGS } from "../backends/op-table.ts";
import { gaussian, seedOf, uniform } from "../backends/random.ts";
import { ReferenceBackend } from "../backends/reference/reference.ts";
import { memoryTensor } from "../checkpoints/stored-types.ts";
import { differentiate } from "./differentiate.ts";
import { Graph, type Value } from "./graph.ts";
import { ZEROS } from "./initializer.ts";
import { attention, attentionMix, attentionScores, attentionSoftmax } from "./ops/attention.ts";
import { concat, slice } from "./ops/columns.ts";
import { dropout } from "./ops/dropout.ts";
import { activation, add, affine, gatedUnit, multiply } from "./ops/elementwise.ts";
import { embedding, gatherRows } from "./ops/embedding.ts";
import { fourier } from "./ops/fourier.ts";
import { linear } from "./ops/linear.ts";
import { binaryCrossEntropy, crossEntropy } from "./ops/losses.ts";
import { matmul } from "./ops/matmul.ts";
import { layerNorm, normalize, rmsNorm } from "./ops/norm.ts";
import { pool } from "./ops/pool.ts";
import { rotary } from "./ops/rotary.ts";
import { shiftRows } from "./ops/shift-rows.ts";
import { logSoftmax, softmax } from "./ops/softmax.ts";
import { sumRows } from "./ops/sum.ts";
import { buildProgram } from "./program.ts";
import { columnsOf } from "./shape.ts";

/** Texts of 3, 1 and 5 tokens. */
const TOKENS = 9;
const SIZES: Sizes = { tokens: TOKENS, texts: 3, rows: 4, pairs: 35 };
const INPUTS: RunInputs = {
  ids: Int32Array.from([4, 0, 2, 2, 1, 4, 3, 0, 2]),
  rows: Int32Array.from([8, 1, 1, 5]),
  offsets: Int32Array.from([0, 3, 4, 9]),
  pairOffsets: Int32Array.from([0, 9, 10, 35]),
  positions: Int32Array.from([0, 1, 2, 0, 0, 1, 2, 3, 4]),
  mask: Int32Array.from([1, 0, 1, 1, 1, 1, 0, 0, 1]),
  labels: Int32Array.from([3, 0, -100, 6, 1, 2, 4, -1, 5]),
  seed: Int32Array.from([7]),
};

/** Builds a result from parameters, which `of` makes: `of("name", [rows, columns])`. Free rows come by an embedding. */
interface Case {
  readonly name: string;
  build(of: (name: string, shape: readonly number[]) => Value, graph: Graph): Value;
  /** Smallest size of the parameters' numbers, where a function has a kink at 0. */
  readonly least?: number;
}

function input(graph: Graph, name: string): Value {
  const shapes: { readonly [name: string]: Shape } = {
    offsets: ["texts+1"],
    pairOffsets: ["texts+1"],
    rows: ["rows"],
    seed: [1],
  };
  const covers: { readonly [name: string]: "tokens" | "pairs" } = { offsets: "tokens", pairOffsets: "pairs" };
  const covered = covers[name];
  return graph.input(name, shapes[name] ?? ["tokens"], "i32", covered === undefined ? {} : { covers: covered });
}

/** x[T, D], each token a row of its own. */
function rows(of: Parameters<Case["build"]>[0], graph: Graph, columns: number, name = "x"): Value {
  return embedding(of(name, [TOKENS, columns]), graph.input("every token", ["tokens"], "i32"));
}

const HEADS = { heads: 4, keyHeads: 2 };
const DISTANCES = Int32Array.from({ length: 7 }, (_, i) => [0, 1, 1, 2, 3, 3, 4][i]!);

function operands(of: Parameters<Case["build"]>[0], graph: Graph) {
  const [q, k, v] = [rows(of, graph, 12, "q"), rows(of, graph, 6, "k"), rows(of, graph, 6, "v")];
  return { q, k, v, offsets: input(graph, "offsets"), pairOffsets: input(graph, "pairOffsets") };
}

const CASES: Case[] = [
  {
    name: "linear",
    build: (of, g) =>
      linear(rows(of, g, 5), of("w", [3, 5]), {
        bias: of("b", [3]),
        activation: "tanh",
        residual: rows(of, g, 3, "r"),
      }),
  },
  ...[0, 1].flatMap((a) =>
    [0, 1].map(
      (b): Case => ({
        name: `matmul ${a}${b}`,
        build: (of) =>
          matmul(of("a", a ? [5, 3] : [3, 5]), of("b", b ? [4, 5] : [5, 4]), {
            transposeA: a === 1,
            transposeB: b === 1,
          }),
      }),
    ),
  ),
  { name: "matmul over tokens", build: (of, g) => matmul(rows(of, g, 3), rows(of, g, 4, "b"), { transposeA: true }) },
  { name: "embedding", build: (of, g) => embedding(of("table", [5, 3]), input(g, "ids")) },
  { name: "gatherRows", build: (of, g) => gatherRows(rows(of, g, 3), input(g, "rows")) },
  { name: "add", build: (of, g) => add(rows(of, g, 3), rows(of, g, 3, "b")) },
  { name: "add a row", build: (of, g) => add(rows(of, g, 3), of("b", [3])) },
  { name: "add a column", build: (of, g) => add(rows(of, g, 3), rows(of, g, 1, "b")) },
  { name: "multiply", build: (of, g) => multiply(rows(of, g, 3), rows(of, g, 3, "b")) },
  { name: "multiply by a row", build: (of, g) => multiply(rows(of, g, 3), of("b", [3])) },
  { name: "multiply by a column", build: (of, g) => multiply(rows(of, g, 3), rows(of, g, 1, "b")) },
  { name: "multiply by itself", build: (of, g) => ((x) => multiply(x, x))(rows(of, g, 3)) },
  { name: "affine", build: (of, g) => affine(rows(of, g, 3), -2.5, 1) },
  ...ACTIVATIONS.filter((name) => name !== "none").flatMap((name): Case[] => [
    { name, least: 0.2, build: (of, g) => activation(rows(of, g, 3), name) },
    { name: `gated ${name}`, least: 0.2, build: (of, g) => gatedUnit(rows(of, g, 6), name, "first") },
  ]),
  { name: "gated, second half", build: (of, g) => gatedUnit(rows(of, g, 6), "gelu", "second") },
  { name: "layerNorm", build: (of, g) => layerNorm(rows(of, g, 5), of("w", [5]), of("b", [5]), 1e-3) },
  { name: "layerNorm, plain", build: (of, g) => layerNorm(rows(of, g, 5), undefined, undefined, 1e-3) },
  { name: "rmsNorm", build: (of, g) => rmsNorm(rows(of, g, 5), of("w", [5]), 1e-3) },
  { name: "normalize", build: (of, g) => normalize(rows(of, g, 5)) },
  { name: "softmax", build: (of, g) => softmax(rows(of, g, 5)) },
  { name: "logSoftmax", build: (of, g) => logSoftmax(rows(of, g, 5)) },
  { name: "concat and slice", build: (of, g) => ((x) => concat(slice(x, 3, 2), x, slice(x, 0, 1)))(rows(of, g, 5)) },
  { name: "shiftRows", build: (of, g) => shiftRows(rows(of, g, 3), input(g, "offsets"), -2) },
  { name: "fourier", build: (of, g) => fourier(rows(of, g, 4), input(g, "offsets")) },
  ...[false, true].map(
    (interleaved): Case => ({
      name: `rotary${interleaved ? ", interleaved" : ""}`,
      build(of, g) {
        const frequencies = g.constant("f", new Float32Array([1, 0.3]), [2]);
        return rotary(rows(of, g, 10), input(g, "positions"), { frequencies }, { heads: 2, interleaved, scale: 1.1 });
      },
    }),
  ),
  {
    name: "rotary by a table",
    build(of, g) {
      const table = g.constant(
        "t",
        Float32Array.from({ length: 20 }, (_, i) => Math.sin(i)),
        [5, 4],
      );
      return rotary(rows(of, g, 8), input(g, "positions"), { table }, { heads: 2 });
    },
  },
  ...POOLINGS.flatMap((pooling) =>
    [false, true].map(
      (isMasked): Case => ({
        name: `pool ${pooling}${isMasked ? ", masked" : ""}`,
        build: (of, g) => pool(rows(of, g, 3), input(g, "offsets"), pooling, isMasked ? input(g, "mask") : undefined),
      }),
    ),
  ),
  {
    name: "attention, window",
    build: (of, g) => (({ q, k, v, offsets }) => attention(q, k, v, offsets, { ...HEADS, window: 2 }))(operands(of, g)),
  },
  {
    name: "attention, all biases",
    build(of, g) {
      const { q, k, v, offsets } = operands(of, g);
      return attention(q, k, v, offsets, {
        ...HEADS,
        slopes: g.constant("slopes", new Float32Array([0.5, 0.25, 0.1, 0]), [4]),
        relativeBias: of("bias", [5, 4]),
        contentToPosition: rows(of, g, 20, "c2p"),
        positionToContent: rows(of, g, 20, "p2c"),
        distanceIndex: g.constant("distances", DISTANCES, [7]),
      });
    },
  },
  {
    name: "attention, step by step",
    build(of, g) {
      const { q, k, v, offsets, pairOffsets } = operands(of, g);
      const scores = attentionScores(q, k, offsets, pairOffsets, HEADS);
      const mixed = linear(
        attentionSoftmax(linear(scores, of("before", [4, 4])), offsets, pairOffsets, 2),
        of("after", [4, 4]),
      );
      return attentionMix(mixed, v, offsets, pairOffsets, HEADS);
    },
  },
  { name: "crossEntropy", build: (of, g) => crossEntropy(rows(of, g, 7), input(g, "labels")) },
  { name: "crossEntropy, smoothed", build: (of, g) => crossEntropy(rows(of, g, 7), input(g, "labels"), 0.1) },
  ...[0, 0.1].map(
    (smoothing): Case => ({
      name: `crossEntropy, weighted, smoothed by ${smoothing}`,
      build(of, g) {
        const weights = g.constant("of classes", new Float32Array([1, 0.5, 2, 0, 1.5, 1, 3]), [7]);
        return crossEntropy(rows(of, g, 7), input(g, "labels"), smoothing, weights);
      },
    }),
  ),
  { name: "binaryCrossEntropy", build: (of, g) => binaryCrossEntropy(rows(of, g, 4), rows(of, g, 4, "target")) },
  { name: "dropout", build: (of, g) => dropout(rows(of, g, 4), input(g, "seed"), 0.4, 3) },
];

/** Runs of a case's loss, the weighted sum of its result, with its gradients. */
function differentiated({ build, name: caseName, least = 0 }: Case) {
  const graph = new Graph();
  const y = build((name, shape) => graph.parameter(name, shape, ZEROS), graph);
  const column = graph.constant("column", new Float32Array(columnsOf(y)).fill(1), [columnsOf(y), 1]);
  const weights = graph.constant("weights", numbers("weights", columnsOf(y), 0), [columnsOf(y)]);
  const rowLoss = matmul(multiply(y, weights), column); // [R, 1]
  const loss = sumRows(rowLoss);
  const { parameters } = graph;
  const gradients = differentiate(
    graph,
    [{ value: rowLoss, seed: affine(rowLoss, 0, 1) }],
    parameters.map(({ value }) => value),
  );
  const values = new Map(
    graph.parameters.map(({ name, shape }) => [
      name,
      numbers(
        `${caseName} ${name}`,
        shape.reduce((a, b) => a * b, 1),
        least,
      ),
    ]),
  );
  const outputs: { [name: string]: Value } = { loss };
  for (const { name, value } of parameters) {
    const gradient = gradients.get(value);
    if (gradient !== undefined) outputs[`of ${name}`] = gradient;
  }
  const program = buildProgram(graph, outputs, { trainable: true });
  const shapes = new Map(graph.parameters.map(({ name, shape }) => [name, shape]));
  const run = async () => {
    const backend = new ReferenceBackend();
    const set = backend.createParameters((name) => memoryTensor(name, shapes.get(name)!, values.get(name)!));
    const all: RunInputs = { ...INPUTS, "every token": Int32Array.from({ length: TOKENS }, (_, i) => i) };
    const given = Object.fromEntries([...program.inputs.keys()].map((name) => [name, all[name]!]));
    return backend.compile(program, set).run(given, SIZES);
  };
  // Nothing is learned through a target.
  return { run, values, parameters: parameters.map(({ name }) => name).filter((name) => name !== "target") };
}

function numbers(name: string, count: number, least: number): Float32Array {
  const seed = seedOf(1, name);
  return Float32Array.from({ length: count }, (_, i) => {
    const value = 0.6 * gaussian(seed, i);
    return value + (Math.abs(value) < least ? Math.sign(value) * least : 0);
  });
}

const H = 1 / 32;

describe("gradients are those of finite differences", () => {
  test.each(CASES)("$name", async (each) => {
    const { run, values, parameters } = differentiated(each);
    const outputs = await run();
    expect(parameters.length).toBeGreaterThan(0);
    for (const name of parameters) {
      const gradient = outputs[`of ${name}`]!;
      const numbers = values.get(name)!;
      expect(gradient).toHaveLength(numbers.length);
      const largest = Math.max(0.1, ...gradient.map(Math.abs));
      for (const at of chosen(numbers.length)) {
        const numeric = await slope(async (delta) => {
          const kept = numbers[at]!;
          numbers[at] = kept + delta;
          const { loss } = await run();
          numbers[at] = kept;
          return loss![0]!;
        });
        expect(Math.abs(gradient[at]! - numeric), `${name} ${at}: ${gradient[at]} for ${numeric}`).toBeLessThan(
          2e-4 * largest,
        );
      }
    }
  });
});

/** A few places of a parameter, the same in every run. */
function chosen(count: number): number[] {
  if (count <= 12) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: 12 }, (_, i) => Math.floor(uniform(count, i) * count));
}

/** The derivative at 0, to the fourth order. */
async function slope(f: (delta: number) => Promise<number>): Promise<number> {
  const [near, far] = [(await f(H)) - (await f(-H)), (await f(2 * H)) - (await f(-2 * H))];
  return (8 * near - far) / (12 * H);
}

test("what a loss does not depend on has no gradient", () => {
  const graph = new Graph();
  const [a, b] = [graph.parameter("a", [3], ZEROS), graph.parameter("b", [3], ZEROS)];
  const loss = affine(a, 2);
  expect([...differentiate(graph, [{ value: loss, seed: loss }], [a, b]).keys()]).toEqual([a]);
  const one = graph.constant("one", new Float32Array([1]), [1]);
  expect(() => differentiate(graph, [{ value: loss, seed: one }], [a])).toThrow(
    "differentiate: the seed needs the loss's shape; got loss [3], seed [1].",
  );
  expect(() => differentiate(graph, [{ value: sumRows(a), seed: sumRows(a) }], [a])).toThrow(
    '"sumRows" has no gradient',
  );
});

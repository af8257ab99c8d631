import { expect } from "vitest";
import { gaussian, seedOf } from "../../src/backends/random.ts";
import { ReferenceBackend } from "../../src/backends/reference/reference.ts";
import { memoryTensor } from "../../src/checkpoints/stored-types.ts";
import { differentiate } from "../../src/engine/differentiate.ts";
import { Graph, type Value } from "../../src/engine/graph.ts";
import { ZEROS } from "../../src/engine/initializer.ts";
import { affine } from "../../src/engine/ops/elementwise.ts";
import { embedding } from "../../src/engine/ops/embedding.ts";
import { sumRows } from "../../src/engine/ops/sum.ts";
import { buildProgram } from "../../src/engine/program.ts";

/** What a loss is made from in these tests: numbers [N, columns], of free row count as a model's outputs are. */
export interface LossCase {
  readonly rows: "tokens" | "texts";
  readonly columns: number;
  readonly sizes: { readonly tokens: number; readonly texts: number; readonly groups?: number };
  readonly inputs: { readonly [name: string]: Int32Array | Float32Array };
  build(numbers: Value): Value;
}

/** Numbers drawn from the normal distribution. */
export function drawn(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => gaussian(seedOf(1, "texts"), i));
}

/** The loss of each row, their sum, and its gradient. */
async function run(loss: LossCase, numbers: Float32Array) {
  const graph = new Graph();
  const count = numbers.length / loss.columns;
  const table = graph.parameter("numbers", [count, loss.columns], ZEROS);
  const rows = loss.build(embedding(table, graph.input("every", [loss.rows], "i32", { bound: count })));
  const gradient = differentiate(graph, [{ value: rows, seed: affine(rows, 0, 1) }], [table]).get(table)!;
  const program = buildProgram(graph, { rows, sum: sumRows(rows), gradient }, { trainable: true });
  const backend = new ReferenceBackend();
  const set = backend.createParameters((name) => memoryTensor(name, [count, loss.columns], numbers));
  const inputs = { ...loss.inputs, every: Int32Array.from({ length: count }, (_, i) => i) };
  const given = Object.fromEntries([...program.inputs.keys()].map((name) => [name, inputs[name as "every"]]));
  return backend.compile(program, set).run(given, loss.sizes);
}

/** Holds a loss against numbers found in another way, and its gradient against finite differences. */
export async function expectLoss(loss: LossCase, expected: readonly number[], count = loss.sizes[loss.rows]) {
  const numbers = drawn(count * loss.columns);
  const { rows, gradient } = await run(loss, numbers);
  expect(rows).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(rows![i]!).toBeCloseTo(value, 5);
  expect(gradient!.some((value) => Math.abs(value) > 1e-3)).toBe(true);
  const step = 2 ** -7;
  const sumAt = async (at: number, delta: number) => {
    const moved = numbers.slice();
    moved[at]! += delta;
    return (await run(loss, moved)).sum![0]!;
  };
  for (let at = 0; at < numbers.length; at += Math.max(1, Math.floor(numbers.length / 12))) {
    const near = ((await sumAt(at, step)) - (await sumAt(at, -step))) / (2 * step);
    const far = ((await sumAt(at, 2 * step)) - (await sumAt(at, -2 * step))) / (4 * step);
    expect(Math.abs(gradient![at]! - (4 * near - far) / 3), `number ${at}`).toBeLessThan(5e-4);
  }
}

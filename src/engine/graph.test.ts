import { describe, expect, test } from "vitest";
import { Graph } from "./graph.ts";
import { attention } from "./ops/attention.ts";
import { concat, slice } from "./ops/columns.ts";
import { activation, add, gatedUnit } from "./ops/elementwise.ts";
import { embedding } from "./ops/embedding.ts";
import { linear } from "./ops/linear.ts";
import { layerNorm } from "./ops/norm.ts";
import { ParameterPath } from "./parameters.ts";
import { buildProgram } from "./program.ts";

function start() {
  const graph = new Graph();
  const p = new ParameterPath(graph);
  const ids = graph.input("ids", ["tokens"], "i32", { bound: 10 });
  const offsets = graph.input("offsets", ["texts+1"], "i32", { covers: "tokens" });
  const x = embedding(p.weight("words", [10, 6]), ids);
  return { graph, p, ids, offsets, x };
}

describe("shapes", () => {
  test("are symbolic and follow the operations", () => {
    const { p, x } = start();
    const y = linear(x, p.weight("w", [8, 6]));
    expect(y.shape).toEqual(["tokens", 8]);
    expect(gatedUnit(y, "gelu", "first").shape).toEqual(["tokens", 4]);
    expect(concat(y, x).shape).toEqual(["tokens", 14]);
    expect(slice(y, 2, 5).shape).toEqual(["tokens", 5]);
  });

  test("that do not fit are refused while building, naming operation and shapes", () => {
    const { p, x, offsets } = start();
    expect(() => linear(x, p.weight("w", [8, 7]))).toThrow(
      "linear: x needs as many columns as weight; got x [tokens, 6], weight [8, 7].",
    );
    expect(() => add(x, p.bias("b", [5]))).toThrow("add: b must be of a's shape");
    expect(() => attention(x, x, x, offsets, { heads: 4 })).toThrow("4 query heads");
    expect(() => slice(x, 4, 3)).toThrow("columns 4 to 7");
    expect(() => layerNorm(x, p.gain("g", [5]), undefined, 1e-5)).toThrow("layerNorm");
  });

  test("a parameter asked for with two shapes is refused by name", () => {
    const { p } = start();
    p.weight("w", [8, 6]);
    expect(() => p.weight("w", [6, 8])).toThrow('Parameter "w" is asked for as [6,8] and as [8,6].');
  });
});

describe("programs", () => {
  test("hold only what their outputs need", () => {
    const { graph, p, x } = start();
    const used = linear(x, p.weight("used", [4, 6]));
    linear(x, p.weight("unused", [4, 6]));
    const program = buildProgram(graph, { y: used });
    expect(program.steps.map((step) => step.op)).toEqual(["embedding", "linear"]);
    expect(program.parameters.map(({ parts }) => parts)).toEqual([["words"], ["used"]]);
  });

  test("fuse bias, activation and residual into the matmul", () => {
    const { graph, p, x } = start();
    const y = activation(linear(x, p.weight("w", [6, 6]), { bias: p.bias("b", [6]) }), "gelu");
    const z = layerNorm(add(linear(y, p.weight("v", [6, 6])), x), p.gain("g", [6]), p.bias("h", [6]), 1e-12);
    const { steps } = buildProgram(graph, { z });
    expect(steps.map((step) => step.op)).toEqual(["embedding", "linear", "linear", "layerNorm"]);
    expect(steps[1]?.attributes).toEqual({ activation: "gelu", precision: "f32" });
    expect(Object.keys(steps[2]?.inputs ?? {})).toContain("residual");
  });

  test("stack the linears of one x into one matmul read through views", () => {
    const { graph, p, x, offsets } = start();
    const [q, k, v] = ["q", "k", "v"].map((name) =>
      linear(x, p.weight(name, [6, 6]), { bias: p.bias(`${name}.bias`, [6]) }),
    );
    const program = buildProgram(graph, { y: attention(q!, k!, v!, offsets, { heads: 2 }) });
    expect(program.steps.map((step) => step.op)).toEqual(["embedding", "linear", "attention"]);
    expect(program.parameters.find(({ layout }) => layout === "packed")?.parts).toEqual(["q", "k", "v"]);
    const attends = program.steps[2];
    const keys = program.values[attends?.op === "attention" ? (attends.inputs.k ?? -1) : -1];
    expect(keys?.view?.column).toBe(6);
  });

  test("sum the embeddings and norm them in one pass", () => {
    const { graph, p, ids, x } = start();
    const types = graph.input("typeIds", ["tokens"], "i32", { bound: 2 });
    const sum = add(add(x, embedding(p.weight("types", [2, 6]), types)), embedding(p.weight("positions", [9, 6]), ids));
    const { steps } = buildProgram(graph, { y: layerNorm(sum, p.gain("g", [6]), p.bias("b", [6]), 1e-12) });
    expect(steps.map((step) => step.op)).toEqual(["embeddingSum"]);
    expect(steps[0]?.attributes).toEqual({ epsilon: 1e-12 });
  });

  test("keep a value that is an output of its own out of fusion", () => {
    const { graph, p, x } = start();
    const inner = linear(x, p.weight("w", [6, 6]));
    const { steps } = buildProgram(graph, { inner, y: activation(inner, "relu") });
    expect(steps.map((step) => step.op)).toEqual(["embedding", "linear", "activation"]);
  });

  test("a tied table is stored by rows, since rows are gathered from it", () => {
    const { graph, p, x } = start();
    const table = p.weight("words", [10, 6]);
    const { parameters } = buildProgram(graph, { logits: linear(x, table) });
    expect(parameters).toMatchObject([{ parts: ["words"], layout: "rows" }]);
  });
});

import type { Dtype, Program, RunInputs, Sizes, TensorSource } from "../../src/backends/backend.ts";
import { createRandom } from "../../src/backends/self-check/random.ts";
import {
  add,
  attention,
  buildProgram,
  embedding,
  Graph,
  layerNorm,
  linear,
  normal,
  normalize,
  pool,
  slice,
  type Value,
} from "../../src/engine/index.ts";

const VOCABULARY = 101;
const POSITIONS = 512;
const FROM = normal(0.02);

/** Sizes of an encoder that exists for tests alone; the defaults divide by no vector and no tile. */
export interface SmallEncoderOptions {
  readonly hidden?: number;
  readonly heads?: number;
  readonly inner?: number;
  readonly layers?: number;
  readonly dtype?: Dtype;
}

/** A post-norm encoder with everything that a batch could spoil: attention, fused projections, pooling. */
export function smallEncoder(options: SmallEncoderOptions = {}): Program {
  const { hidden = 51, heads = 3, inner = 133, layers = 2, dtype = "f32" } = options;
  const graph = new Graph();
  const weight = (name: string, ...shape: number[]) => graph.parameter(name, shape, FROM);
  const ids = graph.input("ids", ["tokens"], "i32", { bound: VOCABULARY });
  const positions = graph.input("positions", ["tokens"], "i32", { bound: POSITIONS });
  const offsets = graph.input("offsets", ["texts+1"], "i32", { covers: "tokens" });
  const norm = (name: string, x: Value) =>
    layerNorm(x, weight(`${name}.weight`, hidden), weight(`${name}.bias`, hidden), 1e-12);

  const words = embedding(weight("words", VOCABULARY, hidden), ids);
  let x = norm("embeddings", add(words, embedding(weight("positions", POSITIONS, hidden), positions)));
  for (let i = 0; i < layers; i++) {
    const project = (name: string, from: Value, rows: number, columns: number) =>
      linear(from, weight(`${i}.${name}`, rows, columns), { bias: weight(`${i}.${name}.bias`, rows) });
    const projected = project("qkv", x, 3 * hidden, hidden);
    const [q, k, v] = [0, 1, 2].map((part) => slice(projected, part * hidden, hidden)) as [Value, Value, Value];
    x = norm(`${i}.a`, add(project("out", attention(q, k, v, offsets, { heads }), hidden, hidden), x));
    const wide = linear(x, weight(`${i}.up`, inner, hidden), {
      bias: weight(`${i}.up.bias`, inner),
      activation: "gelu",
    });
    x = norm(`${i}.b`, add(project("down", wide, hidden, inner), x));
  }
  const outputs = { tokens: x, embedding: normalize(pool(x, offsets, "mean")) };
  return buildProgram(graph, outputs, { dtypeOf: () => dtype });
}

/** Weights by name: the same numbers for the same name, whatever the order. */
export function smallWeights(program: Program): TensorSource {
  const shapes = new Map(program.parameters.flatMap((it) => splitShape(it.parts, it.shape)));
  return (name) => {
    const shape = shapes.get(name) ?? [];
    const random = createRandom([...name].reduce((hash, letter) => Math.imul(hash, 31) + letter.charCodeAt(0), 7));
    const numbers = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => (random() - 0.5) / 4);
    return { name, type: "F32", shape, read: () => new Uint8Array(numbers.buffer) };
  };
}

function splitShape(parts: readonly string[], shape: readonly number[]): [string, readonly number[]][] {
  const [rows = 1, ...rest] = shape;
  return parts.map((part) => [part, [rows / parts.length, ...rest]]);
}

/** A batch of texts as the program wants it. */
export function packTexts(texts: readonly (readonly number[])[]): { inputs: RunInputs; sizes: Sizes } {
  const offsets = Int32Array.from({ length: texts.length + 1 }, (_, i) =>
    texts.slice(0, i).reduce((sum, text) => sum + text.length, 0),
  );
  const ids = Int32Array.from(texts.flat());
  const positions = Int32Array.from(texts.flatMap((text) => text.map((_, i) => i)));
  return { inputs: { ids, positions, offsets }, sizes: { tokens: ids.length, texts: texts.length } };
}

/** Texts of these lengths, of random ids. */
export function randomTexts(lengths: readonly number[], seed = 1): number[][] {
  const random = createRandom(seed);
  return lengths.map((length) => Array.from({ length }, () => Math.floor(random() * VOCABULARY)));
}

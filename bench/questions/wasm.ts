import { requireAgreement } from "../agreement.ts";
import type { Figure } from "../figure.ts";
import { interleave, median, speedup } from "../interleave.ts";
import { type BenchSettings, startCloze, startOnnxWeb } from "../sides.ts";

const TEXTS = 8;
const TOKENS = 128;

/** Words that are one piece each in MiniLM's vocabulary. */
const WORDS = "the a house tree river stone cloud morning paper music garden winter road light".split(" ");

/** How fast is the WebAssembly backend on one thread, 8 texts of 128 tokens, against onnxruntime-web, in Node? */
export async function wasm({ repeats }: BenchSettings): Promise<Figure[]> {
  const texts = Array.from({ length: TEXTS }, (_, text) => {
    const words = Array.from({ length: TOKENS - 2 }, (_, at) => WORDS[(at * (text + 1) + text) % WORDS.length]);
    return words.join(" "); // and [CLS] and [SEP]
  });
  const peer = await startOnnxWeb(TOKENS, 1);
  const cloze = await startCloze({ backend: "wasm", threads: 1 });
  const [ours, theirs] = [await cloze.embed({ texts, keep: true }), await peer.embed({ texts, keep: true })];
  requireAgreement("8 x 128 tokens, WebAssembly", ours.embeddings!, theirs.embeddings!);
  const times = await interleave(repeats, {
    cloze: async () => (await cloze.embed({ texts })).milliseconds,
    peer: async () => (await peer.embed({ texts })).milliseconds,
  });
  await Promise.all([cloze.stop(), peer.stop()]);
  const { ratio, worst } = speedup(times.peer, times.cloze);
  const rate = (side: number[]): string => `${Math.round((1000 * TEXTS * TOKENS) / median(side))} tokens/s`;
  const detail = `onnxruntime-web ${rate(times.peer)}, cloze ${rate(times.cloze)}`;
  return [{ name: "WebAssembly, 1 thread, 8 x 128 tokens", value: ratio, unit: "x", floor: 1.3, worst, detail }];
}

import { moduleSizes } from "../../src/backends/wasm/index.ts";
import { requireAgreement } from "../agreement.ts";
import type { EmbedSide } from "../embed-side.ts";
import type { Figure } from "../figure.ts";
import { interleave, median, speedup } from "../interleave.ts";
import { newerNode } from "../newer-node.ts";
import { type BenchSettings, startCloze, startOnnxWeb } from "../sides.ts";

const TEXTS = 8;
const TOKENS = 128;

/** Words that are one piece each in MiniLM's vocabulary. */
const WORDS = "the a house tree river stone cloud morning paper music garden winter road light".split(" ");

const texts = Array.from({ length: TEXTS }, (_, text) => {
  const words = Array.from({ length: TOKENS - 2 }, (_, at) => WORDS[(at * (text + 1) + text) % WORDS.length]);
  return words.join(" "); // and [CLS] and [SEP]
});

/**
 * How fast is the WebAssembly backend, 8 texts of 128 tokens, against onnxruntime-web on as many threads in the same
 * Node: this one, without relaxed SIMD where it is Node 20, and one that has it. What a second thread brings, and how large
 * the modules are.
 */
export async function wasm({ repeats }: BenchSettings): Promise<Figure[]> {
  const relaxed = newerNode();
  return [
    await againstPeer(repeats, "simd", 1.35, process.execPath),
    await againstPeer(repeats, "relaxed simd", 1.7, relaxed),
    await secondThread(repeats),
    ...(await sizes()),
  ];
}

async function againstPeer(repeats: number, name: string, floor: number, node: string): Promise<Figure> {
  const peer = await startOnnxWeb(TOKENS, 1, node);
  const cloze = await startCloze({ backend: "wasm", threads: 1 }, node);
  const [ours, theirs] = [await cloze.ask({ texts, keep: true }), await peer.ask({ texts, keep: true })];
  requireAgreement(`8 x 128 tokens, WebAssembly, ${name}`, ours.embeddings!, theirs.embeddings!);
  const times = await interleave(repeats, { cloze: () => milliseconds(cloze), peer: () => milliseconds(peer) });
  await Promise.all([cloze.stop(), peer.stop()]);
  const { ratio, worst } = speedup(times.peer, times.cloze);
  const detail = `onnxruntime-web ${rate(times.peer)}, cloze ${rate(times.cloze)}`;
  return { name: `WebAssembly, ${name}, 1 thread, 8 x 128 tokens`, value: ratio, unit: "x", floor, worst, detail };
}

async function secondThread(repeats: number): Promise<Figure> {
  const [one, two] = [
    await startCloze({ backend: "wasm", threads: 1 }),
    await startCloze({ backend: "wasm", threads: 2 }),
  ];
  const times = await interleave(repeats, { one: () => milliseconds(one), two: () => milliseconds(two) });
  await Promise.all([one.stop(), two.stop()]);
  const { ratio, worst } = speedup(times.one, times.two);
  const detail = `1 thread ${rate(times.one)}, 2 threads ${rate(times.two)}`;
  return { name: "WebAssembly, 2 threads over 1", value: ratio, unit: "x", floor: 1.8, worst, detail };
}

async function sizes(): Promise<Figure[]> {
  return (await moduleSizes()).map(({ file, bytes }) => {
    const detail = `${bytes} bytes`;
    return { name: file, value: bytes / 1e6, unit: "MB", floor: 0.15, atMost: true, detail };
  });
}

async function milliseconds(side: EmbedSide): Promise<number> {
  return (await side.ask({ texts })).milliseconds;
}

function rate(times: readonly number[]): string {
  return `${Math.round((1000 * TEXTS * TOKENS) / median(times))} tokens/s`;
}

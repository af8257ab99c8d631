import { fileURLToPath } from "node:url";
import { NativeBackend } from "../../src/backends/native/index.ts";
import type { Figure } from "../figure.ts";
import { type ForwardRequest, type ForwardSide, startNodeSide, startPythonSide } from "../forward/forward-side.ts";
import { bertBaseFolder, fusedGraph, hasPython, prepareBertBase } from "../forward/prepare.ts";
import { forwardOperations } from "../forward/shapes.ts";
import { interleave, median, speedup } from "../interleave.ts";
import type { BenchSettings } from "../sides.ts";

const SHAPES: readonly (ForwardRequest & { readonly floor: number })[] = [
  { texts: 8, tokens: 128, calls: 1, floor: 1 },
  { texts: 1, tokens: 512, calls: 1, floor: 1 },
  { texts: 32, tokens: 32, calls: 1, floor: 1 },
  { texts: 1, tokens: 16, calls: 15, floor: 1 },
];

/** Both sides compute the same hidden states, which are of size 1. */
const AGREE = 1e-3;

/**
 * How fast is a whole forward pass of BERT-base (random weights, token ids in, hidden states out) in f32, against
 * onnxruntime on its fused graph, and against PyTorch where Python has it? What share of the machine's peak is that?
 */
export async function forward({ repeats, threads }: BenchSettings): Promise<Figure[]> {
  prepareBertBase();
  const program = (path: string) => new URL(path, import.meta.url);
  const settings = JSON.stringify({ threads, dtype: "f32" });
  const sides: Record<string, ForwardSide> = {
    cloze: await startNodeSide(program("../programs/cloze-forward.mjs"), [bertBaseFolder, settings]),
    onnxruntime: await startNodeSide(program("../peers/onnxruntime-forward.mjs"), [fusedGraph, settings]),
  };
  if (hasPython("transformers, torch")) {
    const script = fileURLToPath(program("../peers/torch-forward.py"));
    sides.torch = await startPythonSide(script, [bertBaseFolder, String(threads), "f32"]);
  }
  const figures: Figure[] = [];
  for (const shape of SHAPES) figures.push(...(await compare(shape, sides, repeats, threads)));
  for (const side of Object.values(sides)) side.stop();
  return figures;
}

async function compare(
  shape: (typeof SHAPES)[number],
  sides: Record<string, ForwardSide>,
  repeats: number,
  threads: number,
): Promise<Figure[]> {
  const { floor, ...request } = shape;
  const name = `BERT-base f32, ${shape.texts} x ${shape.tokens}`;
  const firsts = await Promise.all(Object.values(sides).map(async (side) => (await side.forward(request)).first));
  for (const theirs of firsts) requireSame(name, firsts[0]!, theirs);
  const timers = Object.entries(sides).map(
    ([side, { forward }]) => [side, async () => (await forward(request)).milliseconds] as const,
  );
  const times = await interleave(repeats, Object.fromEntries(timers));
  const peak = await measurePeak(threads);
  const detail = Object.entries(times).map(([side, all]) => `${side} ${median(all).toFixed(1)} ms`);
  const rate = forwardOperations(shape.texts, shape.tokens) / (median(times.cloze!) / 1000);
  const against = Object.keys(sides).filter((side) => side !== "cloze");
  return [
    ...against.map((peer): Figure => {
      const { ratio, worst } = speedup(times[peer]!, times.cloze!);
      const limit = peer === "onnxruntime" ? { floor } : {};
      return { name: `${name}, ${peer}`, value: ratio, unit: "x", worst, detail: detail.join(", "), ...limit };
    }),
    share(name, rate, peak, shape.texts === 8 ? 85 : undefined),
  ];
}

function share(name: string, rate: number, peak: number, floor: number | undefined): Figure {
  const detail = `${(rate / 1e9).toFixed(0)} of ${(peak / 1e9).toFixed(0)} GFLOP/s`;
  return { name: `${name}, share of peak`, value: (100 * rate) / peak, unit: "%", detail, ...(floor && { floor }) };
}

async function measurePeak(threads: number): Promise<number> {
  const backend = new NativeBackend({ threads });
  const peaks: number[] = [];
  for (let round = 0; round < 3; round++) peaks.push(await backend.measurePeak());
  await backend.close();
  return median(peaks);
}

function requireSame(name: string, ours: readonly number[], theirs: readonly number[]): void {
  const difference = ours.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i]!)), 0);
  if (!(difference <= AGREE)) throw new Error(`${name}: the peer's states differ from Cloze's by ${difference}`);
}

import { requireAgreement } from "../agreement.ts";
import type { EmbedRequest, EmbedSide } from "../embed-side.ts";
import type { Figure } from "../figure.ts";
import { interleave, median, speedup } from "../interleave.ts";
import { prepareQuantizedForms, prepareSentenceModel } from "../prepare-peers.ts";
import { hasPython } from "../python.ts";
import { type BenchSettings, startCloze, startSentenceTransformers, startTransformers } from "../sides.ts";
import { abstracts, mixedTexts, sentences, shortText } from "../texts.ts";

type Dtype = "f32" | "bf16" | "int8";

/** How a peer goes through the texts: batches of 32 in the order given, or sorted by length first. */
type Order = "in-order" | "sorted";

interface Opponent {
  readonly name: string;
  start(): Promise<EmbedSide>;
}

interface Workload {
  readonly name: string;
  texts(): Promise<readonly string[]>;
  /** How much faster than the peer in that order Cloze must be; without a number it is told only. */
  readonly floors: readonly (readonly [order: Order, floor?: number])[];
}

interface Comparison {
  readonly dtype: Dtype;
  readonly opponent: Opponent;
  readonly workloads: readonly Workload[];
  /** Of one short text. */
  readonly shortFloor?: number;
}

const CALLS = 40;

/** How fast are texts turned into vectors in f32, texts in, vectors out, against transformers.js on the same weights? */
export function embedding({ repeats, threads }: BenchSettings): Promise<Figure[]> {
  const opponent = { name: "transformers.js", start: () => startTransformers(threads) };
  const workloads: Workload[] = [
    { name: "1,024 STS-B sentences", texts: async () => sentences(1024), floors: [["in-order", 1.5], ["sorted"]] },
    { name: "128 SciFact abstracts", texts: () => abstracts(128), floors: [["in-order", 1.25], ["sorted"]] },
    mixed([
      ["in-order", 5],
      ["sorted", 1.4],
    ]),
  ];
  return compare({ dtype: "f32", opponent, workloads, shortFloor: 1 / 0.9 }, threads, repeats);
}

/** The same in int8, against transformers.js on a graph that onnxruntime has quantized; Python must have it. */
export async function embeddingInt8({ repeats, threads }: BenchSettings): Promise<Figure[]> {
  if (!hasPython("onnxruntime.quantization")) {
    console.error("No Python with onnxruntime: transformers.js q8 is left out (CLOZE_BENCH_PYTHON names a Python).");
    return [];
  }
  prepareQuantizedForms();
  const opponent = { name: "transformers.js q8", start: () => startTransformers(threads, "q8") };
  const floors: Workload["floors"] = [
    ["in-order", 7],
    ["sorted", 2],
  ];
  return compare({ dtype: "int8", opponent, workloads: [mixed(floors)], shortFloor: 1 / 0.8 }, threads, repeats);
}

/** The same in f32 and bf16, against sentence-transformers on PyTorch where Python has it. */
export async function embeddingPython({ repeats, threads }: BenchSettings): Promise<Figure[]> {
  if (!hasPython("sentence_transformers")) {
    console.error("No Python with sentence-transformers: it is left out (CLOZE_BENCH_PYTHON names a Python).");
    return [];
  }
  prepareSentenceModel();
  const against = (dtype: "f32" | "bf16", floor: number) => {
    const start = () => startSentenceTransformers(threads, dtype);
    const opponent = { name: `sentence-transformers ${dtype}`, start };
    return compare({ dtype, opponent, workloads: [mixed([["in-order", floor]])] }, threads, repeats);
  };
  return [...(await against("f32", 2.3)), ...(await against("bf16", 1.6))];
}

function mixed(floors: Workload["floors"]): Workload {
  return { name: "mixed set", texts: mixedTexts, floors };
}

async function compare(comparison: Comparison, threads: number, repeats: number): Promise<Figure[]> {
  const { dtype, opponent, workloads, shortFloor } = comparison;
  const peer = await opponent.start();
  const cloze = await startCloze({ threads, dtype });
  const sides = { peer, cloze, label: `${dtype}, ${opponent.name}` };
  const figures: Figure[] = [];
  for (const workload of workloads) figures.push(...(await compareWorkload(workload, dtype, sides, repeats)));
  if (shortFloor !== undefined) figures.push(await oneShortText(sides, shortFloor, repeats));
  await Promise.all([cloze.stop(), peer.stop()]);
  return figures;
}

interface Sides {
  readonly peer: EmbedSide;
  readonly cloze: EmbedSide;
  readonly label: string;
}

async function compareWorkload(workload: Workload, dtype: Dtype, { peer, cloze, label }: Sides, repeats: number) {
  const texts = await workload.texts();
  const [ours, theirs] = [await cloze.ask({ texts, keep: true }), await peer.ask({ texts, keep: true })];
  requireAgreement(`${workload.name}, ${label}`, ours.embeddings!, theirs.embeddings!, dtype);
  const orders = workload.floors.map(([order]) => [order, timer(peer, { texts, order })] as const);
  const times = await interleave<string>(repeats, { cloze: timer(cloze, { texts }), ...Object.fromEntries(orders) });
  return workload.floors.map(([order, floor]): Figure => {
    const { ratio, worst } = speedup(times[order]!, times.cloze!);
    const rate = (side: string) => Math.round((1000 * texts.length) / median(times[side]!));
    const detail = `texts/s: peer ${rate(order)}, cloze ${rate("cloze")}`;
    const name = `${workload.name}, ${label} ${order === "sorted" ? "sorted" : "in order"}`;
    return { name, value: ratio, unit: "x", worst, detail, ...(floor && { floor }) };
  });
}

async function oneShortText({ peer, cloze, label }: Sides, floor: number, repeats: number): Promise<Figure> {
  const request: EmbedRequest = { texts: [shortText], calls: CALLS };
  const times = await interleave(repeats, { cloze: timer(cloze, request), peer: timer(peer, request) });
  const { ratio, worst } = speedup(times.peer, times.cloze);
  const detail = `peer ${median(times.peer).toFixed(2)} ms, cloze ${median(times.cloze).toFixed(2)} ms`;
  return { name: `one short text, ${label}`, value: ratio, unit: "x", floor, worst, detail };
}

function timer(side: EmbedSide, request: EmbedRequest): () => Promise<number> {
  return async () => (await side.ask(request)).milliseconds;
}

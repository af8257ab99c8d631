import { requireAgreement } from "../agreement.ts";
import type { BenchProcess, EmbedRequest } from "../bench-process.ts";
import type { Figure } from "../figure.ts";
import { interleave, median, speedup } from "../interleave.ts";
import { type BenchSettings, startCloze, startTransformers } from "../sides.ts";
import { abstracts, mixedTexts, sentences, shortText } from "../texts.ts";

interface Workload {
  name: string;
  texts: readonly string[];
  /** How much faster than the peer in its documented way, batches of 32 in the order given. */
  inOrder: number;
  /** How much faster than the peer where its user sorts the texts by length first. */
  sorted?: number;
}

const CALLS = 40;

/** How fast are texts turned into vectors, texts in, vectors out, against transformers.js on the same weights? */
export async function embedding({ repeats, threads }: BenchSettings): Promise<Figure[]> {
  const workloads: Workload[] = [
    { name: "1,024 STS-B sentences", texts: sentences(1024), inOrder: 1.5 },
    { name: "128 SciFact abstracts", texts: await abstracts(128), inOrder: 1.25 },
    { name: "384 and 128 of them, mixed", texts: await mixedTexts(), inOrder: 4, sorted: 1.2 },
  ];
  const peer = await startTransformers(threads);
  const cloze = await startCloze({ threads });
  const figures: Figure[] = [];
  for (const workload of workloads) figures.push(...(await compare(workload, cloze, peer, repeats)));
  figures.push(await oneShortText(cloze, peer, repeats));
  await Promise.all([cloze.stop(), peer.stop()]);
  return figures;
}

async function compare(workload: Workload, cloze: BenchProcess, peer: BenchProcess, repeats: number) {
  const { name, texts } = workload;
  const [ours, theirs] = [await cloze.embed({ texts, keep: true }), await peer.embed({ texts, keep: true })];
  requireAgreement(name, ours.embeddings!, theirs.embeddings!);
  const times = await interleave(repeats, {
    cloze: timer(cloze, { texts }),
    inOrder: timer(peer, { texts, order: "in-order" }),
    sorted: timer(peer, { texts, order: "sorted" }),
  });
  const figure = (way: "inOrder" | "sorted", label: string, floor: number | undefined): Figure => {
    const { ratio, worst } = speedup(times[way], times.cloze);
    const detail = `peer ${seconds(times[way])} s, cloze ${seconds(times.cloze)} s`;
    return { name: `${name}, peer ${label}`, value: ratio, unit: "x", worst, detail, ...(floor && { floor }) };
  };
  return [figure("inOrder", "in order", workload.inOrder), figure("sorted", "sorted", workload.sorted)];
}

async function oneShortText(cloze: BenchProcess, peer: BenchProcess, repeats: number): Promise<Figure> {
  const request: EmbedRequest = { texts: [shortText], calls: CALLS };
  const times = await interleave(repeats, { cloze: timer(cloze, request), peer: timer(peer, request) });
  const { ratio, worst } = speedup(times.peer, times.cloze);
  const detail = `peer ${median(times.peer).toFixed(2)} ms, cloze ${median(times.cloze).toFixed(2)} ms`;
  return { name: "one short text", value: ratio, unit: "x", floor: 1, worst, detail };
}

function timer(side: BenchProcess, request: EmbedRequest): () => Promise<number> {
  return async () => (await side.embed(request)).milliseconds;
}

function seconds(milliseconds: readonly number[]): string {
  return (median(milliseconds) / 1000).toFixed(2);
}

import type { Figure } from "../figure.ts";
import { type BenchSettings, startCloze, startTransformers } from "../sides.ts";
import { mixedTexts } from "../texts.ts";

/** How much memory does a process need at most, model and all, to embed the mixed set once? */
export async function memory({ threads }: BenchSettings): Promise<Figure[]> {
  const texts = await mixedTexts();
  const cloze = await startCloze({ threads });
  const ours = await cloze.ask({ texts });
  await cloze.stop();
  const peer = await startTransformers(threads);
  const theirs = await peer.ask({ texts, order: "in-order" });
  await peer.stop();
  const detail = `peer ${theirs.peakMemory.toFixed(0)} MB`;
  return [{ name: "peak memory, mixed set", value: ours.peakMemory, unit: "MB", floor: 250, atMost: true, detail }];
}

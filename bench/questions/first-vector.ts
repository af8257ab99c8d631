import type { Figure } from "../figure.ts";
import { median } from "../interleave.ts";
import { type BenchSettings, startCloze, startTransformers } from "../sides.ts";

/** How long from the end of the import to the first vector, in a fresh process: opening the model and one text. */
export async function firstVector({ repeats, threads }: BenchSettings): Promise<Figure[]> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const cloze = await startCloze({ threads });
    ours.push(cloze.ready.firstMilliseconds);
    await cloze.stop();
    const peer = await startTransformers(threads);
    theirs.push(peer.ready.firstMilliseconds);
    await peer.stop();
  }
  return [
    {
      name: "first vector after import",
      value: median(ours) / 1000,
      unit: "s",
      floor: 0.25,
      atMost: true,
      worst: Math.max(...ours) / 1000,
      detail: `peer ${(median(theirs) / 1000).toFixed(2)} s`,
    },
  ];
}

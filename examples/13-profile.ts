/**
 * Shows where the time of a model goes, operation by operation.
 *
 *     npx tsx examples/13-profile.ts
 */
import { Embedder } from "cloze";
import { Profile } from "cloze/tasks";

const profile = new Profile();
const embedder = await Embedder.load(undefined, { profile });
await embedder.embed(Array.from({ length: 64 }, (_, i) => `Bees make honey number ${i}.`));
await embedder.dispose();

for (const { op, calls, milliseconds, share, ofPeak } of profile.operations()) {
  const peak = ofPeak === undefined ? "" : `${(100 * ofPeak).toFixed(0)} % of peak`;
  console.log(op.padEnd(32), calls, milliseconds.toFixed(1), `${(100 * share).toFixed(1)} %`, peak);
}
const { runs, milliseconds, idleMilliseconds } = profile.totals();
console.log(`${runs} runs, ${milliseconds.toFixed(1)} ms, and ${idleMilliseconds.toFixed(1)} ms between them`);

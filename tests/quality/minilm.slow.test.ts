import { afterAll, beforeAll, expect, it } from "vitest";
import { DEFAULT_MODEL_PACKAGE, resolveWhere } from "../../src/checkpoints/default-model.ts";
import { Embedder } from "../../src/tasks/embedder.ts";
import { describeBackends } from "../support/each-backend.ts";
import { eventLoopLag } from "../support/event-loop-lag.ts";
import { scifactNdcg, stsCorrelation } from "../support/published-tasks.ts";
import { hasShared, readSharedJsonLines } from "../support/shared.ts";

const isInstalled = await resolveWhere().then(
  () => true,
  () => false,
);

function reasonToSkip(path: string): string | undefined {
  if (!isInstalled) return `not on this machine: ${DEFAULT_MODEL_PACKAGE} is not installed`;
  return hasShared(path) ? undefined : `${path} is not in the shared folder (set CLOZE_SHARED)`;
}

/** A million tokens through WebAssembly take eight minutes on two quiet cores. */
const LONGEST = 3_600_000;

/** `it`, skipped with its reason where the data or the model is missing. */
function itWith(path: string, title: string, body: (context: { signal: AbortSignal }) => Promise<void>): void {
  const reason = reasonToSkip(path);
  if (reason === undefined) it(title, { timeout: LONGEST }, body);
  else it.skip(`${title}: ${reason}`, () => undefined);
}

/** Published scores of all-MiniLM-L6-v2, computed over the whole test sets. */
await describeBackends(
  "all-MiniLM-L6-v2",
  (backend) => {
    let embedder: Embedder;
    beforeAll(async () => {
      if (isInstalled) embedder = await Embedder.load(undefined, { backend });
    });
    afterAll(() => embedder?.dispose());

    itWith("data/stsb", "correlates with people on the STS benchmark", async ({ signal }) => {
      expect(Math.abs(100 * (await stsCorrelation(embedder, signal)) - 82.03)).toBeLessThanOrEqual(0.05);
    });

    itWith("data/scifact", "finds the evidence of SciFact's claims", async ({ signal }) => {
      expect(Math.abs((await scifactNdcg(embedder, signal)) - 0.645)).toBeLessThanOrEqual(0.002);
    });

    itWith("data/stsb", "leaves the event loop free meanwhile", async ({ signal }) => {
      const rows = readSharedJsonLines<{ text1: string; text2: string }>("data/stsb/train.jsonl.gz");
      const texts = rows.flatMap(({ text1, text2 }) => [text1, text2]).slice(0, 3_000);
      const { p99 } = await eventLoopLag(() => embedder.embed(texts, { signal }));
      expect(p99).toBeLessThan(20);
    });
  },
  ["native", "wasm"],
);

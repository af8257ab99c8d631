import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import type { Backend } from "../../src/backends/backend.ts";
import { Embedder } from "../../src/tasks/embedder.ts";
import { describeBackends } from "../support/each-backend.ts";
import { hasShared, sharedPath } from "../support/shared.ts";

const MODEL = "goldens/sentences/mean-normalize";
/** Workers have no loader for TypeScript of their own. */
const RUN_TYPESCRIPT = `
  const { script } = require("node:worker_threads").workerData;
  import("tsx/esm/api").then(({ tsImport }) => tsImport(script, script));`;

const TEXTS = ["A man is playing a flute.", "", "the the the"];

const body = (backend: Backend) => {
  if (!hasShared(MODEL)) return it.skip(`${MODEL} is not in the shared folder (set CLOZE_SHARED)`, () => undefined);

  it("gives the same bits there, in several at once, and lets them end", async () => {
    const where = sharedPath(MODEL);
    const embedder = await Embedder.load(where, { backend });
    const expected = await embedder.embed(TEXTS);
    await embedder.dispose();
    const script = new URL("./workers/embed-worker.ts", import.meta.url).href;
    const workerData = { script, where, backend: backend.info.name, texts: TEXTS };
    const workers = [1, 2].map(() => new Worker(RUN_TYPESCRIPT, { eval: true, workerData }));
    const answers = await Promise.all(workers.map(answerOf));
    for (const { embeddings, code } of answers) {
      expect(embeddings).toEqual(expected);
      expect(code).toBe(0);
    }
  });
};

// The plain backend has nothing of its own that a thread could trouble.
await describeBackends("Embedder in worker threads", body, ["native", "wasm"]);

async function answerOf(worker: Worker): Promise<{ embeddings: Float32Array[]; code: number }> {
  const end = once(worker, "exit");
  const [embeddings] = (await once(worker, "message")) as [Float32Array[]];
  const [code] = (await end) as [number];
  return { embeddings, code };
}

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { Embedder } from "../../src/tasks/embedder.ts";
import { describeBackends } from "../support/each-backend.ts";
import { hasShared, sharedPath } from "../support/shared.ts";

const MODEL = "goldens/sentences/mean-normalize";
const TEXTS = ["A man is playing a flute.", "", "the the the"];

await describeBackends("Embedder in worker threads", (backend) => {
  if (!hasShared(MODEL)) return it.skip(`${MODEL} is not in the shared folder (set CLOZE_SHARED)`, () => undefined);

  it("gives the same bits there, in several at once, and lets them end", async () => {
    const where = sharedPath(MODEL);
    const embedder = await Embedder.load(where, { backend });
    const expected = await embedder.embed(TEXTS);
    await embedder.dispose();
    const script = new URL("./workers/embed-worker.ts", import.meta.url);
    const workers = [1, 2].map(
      () =>
        new Worker(script, {
          workerData: { where, backend: backend.info.name, texts: TEXTS },
          execArgv: ["--import", "tsx"],
        }),
    );
    const answers = await Promise.all(workers.map(answerOf));
    for (const { embeddings, code } of answers) {
      expect(embeddings).toEqual(expected);
      expect(code).toBe(0);
    }
  });
});

async function answerOf(worker: Worker): Promise<{ embeddings: Float32Array[]; code: number }> {
  const end = once(worker, "exit");
  const [embeddings] = (await once(worker, "message")) as [Float32Array[]];
  const [code] = (await end) as [number];
  return { embeddings, code };
}

import { parentPort, workerData } from "node:worker_threads";
import type { BackendName } from "../../../src/backends/backend.ts";
import { Embedder } from "../../../src/tasks/embedder.ts";

/** Embeds what it is given and posts the vectors. */
const { where, backend, texts } = workerData as { where: string; backend: BackendName; texts: string[] };
const embedder = await Embedder.load(where, { backend, threads: 1 });
parentPort?.postMessage(await embedder.embed(texts));
await embedder.dispose();

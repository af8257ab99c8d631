/**
 * The program that `cloze bench` starts for each configuration: opens the model that its argument names, then answers
 * requests over its IPC channel. A process of its own has its own threads, garbage and memory.
 */
import { createBackend } from "../../backends/choose.ts";
import { Profile } from "../../backends/profile/profile.ts";
import { ProfiledBackend } from "../../backends/profile/profiled-backend.ts";
import { Embedder } from "../../tasks/embedder.ts";
import type { Assignment, MeasuredReply, MeasureReply, MeasureRequest } from "./messages.ts";

/** Ten tokens with special ones: of the length that people search with. */
const SHORT_TEXT = "How do I train my own model?";

const { model, maxLength, backend, dtype, threads, batchTokens } = JSON.parse(process.argv[2] as string) as Assignment;
const profile = new Profile();

process.on("disconnect", () => process.exit());
await open().catch(fail);

async function open(): Promise<void> {
  const began = performance.now();
  const opened = new ProfiledBackend(await createBackend(backend, { threads }), profile);
  const embedder = await Embedder.load(model, { backend: opened, dtype, maxLength });
  const loadMilliseconds = performance.now() - began;
  await embedder.embed(SHORT_TEXT);
  process.on("message", (request: MeasureRequest) => void measure(embedder, request).then(send, fail));
  send({ kind: "ready", backend: opened.info, loadMilliseconds, firstMilliseconds: performance.now() - began });
}

async function measure(embedder: Embedder, request: MeasureRequest): Promise<MeasuredReply> {
  const before = profile.totals().atPeakMilliseconds;
  const began = performance.now();
  const calls: number[] = [];
  let tokens = 0;
  if ("calls" in request) {
    for (let call = 0; call < request.calls; call++) {
      const start = performance.now();
      await embedder.embed(SHORT_TEXT);
      calls.push(performance.now() - start);
    }
  } else {
    const results = await embedder.embed(request.texts, { batchTokens, detail: true });
    tokens = results.reduce((sum, result) => sum + result.tokens, 0);
  }
  const milliseconds = performance.now() - began;
  const after = profile.totals().atPeakMilliseconds;
  const atPeakMilliseconds = before === undefined || after === undefined ? undefined : after - before;
  const peakBytes = 1024 * process.resourceUsage().maxRSS;
  return { kind: "measured", milliseconds, calls, tokens, atPeakMilliseconds, peakBytes };
}

function send(reply: MeasureReply): void {
  process.send?.(reply);
}

function fail(error: Error): void {
  send({ kind: "failed", name: error.name, message: error.message });
}

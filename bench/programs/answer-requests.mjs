/**
 * The part that the programs of both sides share: tell when the first embedding was there, then answer requests.
 *
 * @param {{ description: string, first: () => Promise<unknown>,
 *   embed: (texts: string[], order?: "in-order" | "sorted") => Promise<Float32Array[]> }} side
 */
export async function answerRequests({ description, first, embed }) {
  const started = performance.now();
  await first();
  process.on("message", async ({ texts, order, calls, keep }) => {
    const timed = calls === undefined ? await timeWhole(texts, order) : await timeCalls(texts, calls);
    const { milliseconds, embeddings } = timed;
    const peakMemory = process.resourceUsage().maxRSS / 1024;
    process.send({ milliseconds, peakMemory, ...(keep ? { embeddings } : {}) });
  });
  process.send({ firstMilliseconds: performance.now() - started, description });

  async function timeWhole(texts, order) {
    const start = performance.now();
    const embeddings = await embed(texts, order);
    return { milliseconds: performance.now() - start, embeddings };
  }

  async function timeCalls(texts, calls) {
    const times = [];
    for (let call = 0; call < calls; call++) {
      const start = performance.now();
      await embed(texts);
      times.push(performance.now() - start);
    }
    return { milliseconds: times.sort((a, b) => a - b)[calls >> 1] };
  }
}

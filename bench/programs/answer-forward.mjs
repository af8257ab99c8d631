/**
 * Answers requests for forward passes over token ids, `{ texts, tokens, calls, limit }`, with the median milliseconds of
 * a call, the first numbers of the result, to compare, and what `measure` finds of a limit that is asked for: right after
 * the calls, at the clock that they ran at.
 *
 * @param {(ids: number[][]) => Promise<Float32Array>} run gives the hidden states, [texts * tokens, D]
 * @param {(limit: "peak" | "reading") => Promise<number>} [measure] of the machine, a second
 */
export function answerForward(run, measure) {
  process.on("message", async ({ texts, tokens, calls, limit }) => {
    const ids = forwardIds(texts, tokens);
    const times = [];
    let states;
    for (let call = 0; call < calls; call++) {
      const start = performance.now();
      states = await run(ids);
      times.push(performance.now() - start);
    }
    const measured = limit === undefined ? undefined : await measure(limit);
    const milliseconds = times.sort((a, b) => a - b)[calls >> 1];
    process.send({ milliseconds, first: Array.from(states.slice(0, 768)), limit: measured });
  });
  process.send("ready");
}

/** The same ids on every side: no text like another, none of them special. */
function forwardIds(texts, tokens) {
  const id = (text, at) => 1000 + ((at * 7919 + text * 104_729) % 20_000);
  return Array.from({ length: texts }, (_, text) => Array.from({ length: tokens }, (_, at) => id(text, at)));
}

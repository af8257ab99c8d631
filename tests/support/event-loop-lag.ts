import { readFileSync } from "node:fs";

/**
 * How long timers wait, in milliseconds, while `work` goes on: for each turn of the event loop, the time that this thread
 * computed since the last one. Time that other programs took from it does not count where the system tells (Linux), so
 * that a busy machine fails no test.
 *
 * @returns the 99th percentile and the longest
 */
export async function eventLoopLag(work: () => Promise<unknown>): Promise<{ p99: number; longest: number }> {
  const turns: number[] = [];
  let last = computedMilliseconds();
  const timer = setInterval(() => {
    const now = computedMilliseconds();
    turns.push(now - last);
    last = now;
  }, 1);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  turns.push(computedMilliseconds() - last);
  turns.sort((a, b) => a - b);
  return { p99: turns[Math.floor(turns.length * 0.99)] as number, longest: turns.at(-1) as number };
}

function computedMilliseconds(): number {
  if (process.platform !== "linux") return performance.now();
  const [nanoseconds] = readFileSync("/proc/thread-self/schedstat", "utf8").split(" ");
  return Number(nanoseconds) / 1e6;
}

import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type BatchWork, inBatches } from "./batch-pipeline.ts";
import { type OnProgress, type Progress, ProgressMeter } from "./progress.ts";
import type { Source } from "./read-windows.ts";

interface Item {
  readonly length: number;
  readonly text: string;
}

/** A task whose result for a text is the text, after a turn of the event loop. */
function echo(run?: (items: readonly Item[], signal: AbortSignal) => Promise<void>): BatchWork<string, Item, string> {
  return {
    tokenize: (text) => ({ text, length: text.length + 1 }),
    async run(items, signal) {
      await (run?.(items, signal) ?? new Promise(setImmediate));
      return items.map(({ text }) => text);
    },
  };
}

function options(extra: { signal?: AbortSignal; batchTokens?: number; onProgress?: OnProgress } = {}) {
  return {
    batchTokens: extra.batchTokens ?? 32,
    signal: extra.signal,
    progress: new ProgressMeter(extra.onProgress, "echo", "texts"),
  };
}

async function collect<T>(windows: AsyncIterable<T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const window of windows) all.push(...window);
  return all;
}

/** Texts of 0 to 12 characters. */
function texts(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i).padEnd((i * 7) % 13, "."));
}

async function* stream(count: number, onRead?: (i: number) => void): AsyncGenerator<string> {
  for (let i = 0; i < count; i++) {
    onRead?.(i);
    yield String(i);
  }
}

describe("inBatches", () => {
  it("gives results in input order, of arrays, generators and streams", async () => {
    const input = texts(3000);
    const sources: Source<string>[] = [
      input,
      new Set(input),
      (async function* () {
        yield* input;
      })(),
    ];
    for (const source of sources) expect(await collect(inBatches(source, echo(), options()))).toEqual(input);
  });

  it("gives nothing for nothing", async () => {
    expect(await collect(inBatches([], echo(), options()))).toEqual([]);
  });

  it("packs batches by tokens", async () => {
    const sizes: number[] = [];
    const work = echo(async (items) => void sizes.push(items.reduce((sum, { length }) => sum + length, 0)));
    await collect(inBatches(texts(500), work, options({ batchTokens: 50 })));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(50);
    const fewest = sizes.reduce((sum, size) => sum + size, 0) / 50;
    expect(sizes.length).toBeLessThan(1.3 * fewest);
  });

  it("keeps two runs under way and no more", async () => {
    let running = 0;
    let most = 0;
    const work = echo(async () => {
      most = Math.max(most, ++running);
      await sleep(1);
      running--;
    });
    await collect(inBatches(texts(400), work, options()));
    expect(most).toBe(2);
  });

  it("reads at most 3,072 texts ahead of what is taken", async () => {
    let read = 0;
    let taken = 0;
    let furthest = 0;
    const source = stream(20_000, (i) => {
      read = i + 1;
      furthest = Math.max(furthest, read - taken);
    });
    for await (const window of inBatches(source, echo(), options({ batchTokens: 100_000 }))) {
      await sleep(2); // time enough to read everything
      taken += window.length;
    }
    expect(taken).toBe(20_000);
    expect(furthest).toBeLessThanOrEqual(3 * 1024 + 1);
    expect(furthest).toBeGreaterThan(1024);
  });

  it("does not wait for a window to fill while a source makes it wait", async () => {
    const lines = (async function* () {
      yield "first";
      await sleep(10_000, undefined, { ref: false });
      yield "second";
    })();
    const windows = inBatches(lines, echo(), options());
    expect((await windows.next()).value).toEqual(["first"]);
    await windows.return();
  });

  it("closes its source when the reader stops", async () => {
    let closed = false;
    const source = (async function* () {
      try {
        for (;;) yield "text";
      } finally {
        closed = true;
      }
    })();
    for await (const _ of inBatches(source, echo(), options())) break;
    await sleep(50);
    expect(closed).toBe(true);
  });

  it("throws what the source throws, and nothing goes on after it", async () => {
    const source = (async function* () {
      yield "text";
      throw new Error("the disk is gone");
    })();
    await expect(collect(inBatches(source, echo(), options()))).rejects.toThrow("the disk is gone");
  });

  it("throws what a run throws", async () => {
    const work = echo(() => Promise.reject(new Error("no memory")));
    await expect(collect(inBatches(texts(300), work, options()))).rejects.toThrow("no memory");
  });

  it("stops at once when it is aborted, also while its source is silent", async () => {
    const controller = new AbortController();
    const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) };
    const waiting = collect(inBatches<string, Item, string>(silent, echo(), options({ signal: controller.signal })));
    setTimeout(() => controller.abort(new Error("enough")), 5);
    await expect(waiting).rejects.toThrow("enough");
  });

  it("tells runs to stop when it is aborted", async () => {
    const controller = new AbortController();
    let runs = 0;
    const work = echo(async (_, signal) => {
      if (++runs === 3) controller.abort(new Error("enough"));
      await sleep(1, undefined, { signal }).catch(() => signal.throwIfAborted());
    });
    const done = collect(inBatches(texts(5000), work, options({ signal: controller.signal })));
    await expect(done).rejects.toThrow("enough");
    await sleep(20);
    expect(runs).toBeLessThanOrEqual(4);
  });

  it("does not begin when it is aborted before", async () => {
    const signal = AbortSignal.abort(new Error("too late"));
    let read = 0;
    const source = stream(10, () => void read++);
    await expect(collect(inBatches(source, echo(), options({ signal })))).rejects.toThrow("too late");
    expect(read).toBe(0);
  });

  it("reports progress after every run", async () => {
    const reports: Progress[] = [];
    await collect(inBatches(texts(200), echo(), options({ onProgress: (progress) => reports.push(progress) })));
    expect(reports.at(-1)).toMatchObject({ phase: "echo", done: 200, unit: "texts" });
    expect(reports.length).toBeGreaterThan(5);
    expect(reports.every(({ done }, i) => i === 0 || done > (reports[i - 1] as Progress).done)).toBe(true);
  });
});

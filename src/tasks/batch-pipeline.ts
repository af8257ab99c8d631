import type { ProgressMeter } from "./progress.ts";
import { readWindows, type Source, type Tokenized } from "./read-windows.ts";
import { RunQueue } from "./run-queue.ts";
import { tokenBatches } from "./token-batches.ts";

/** One run computes, the next one waits at the backend's door, so that it never waits for this thread. */
const RUNS_UNDER_WAY = 2;
/** Windows that are computed or waiting for their results to be taken; one more is being read. */
const WINDOWS_UNDER_WAY = 2;
const INPUTS_A_WINDOW = 1024;
const BATCHES_A_WINDOW = 8;
const PATIENCE = 10;

/** What a task does with its inputs. */
export interface BatchWork<Input, Item extends Tokenized, Result> {
  /** Called in input order. `index` counts from 0. */
  tokenize(input: Input, index: number): Item;
  /** Runs items together; one result each, in their order. */
  run(items: readonly Item[], signal: AbortSignal): Promise<readonly Result[]>;
}

export interface BatchOptions {
  /** Most tokens of one run; a longer input runs alone. */
  readonly batchTokens: number;
  readonly signal: AbortSignal | undefined;
  readonly progress: ProgressMeter;
}

/**
 * Runs any number of inputs through a model: reads a window, sorts it by length, packs batches by tokens, and gives the
 * results in input order, a window at a time. While the backend computes, the next window is tokenized. At most three
 * windows, 3,072 inputs, are under way, whatever the length of the source; none is read before results are taken.
 *
 * @throws the signal's reason when it aborts, and whatever the source and the work throw. Runs under way are aborted then,
 *   and when the caller stops taking results.
 */
export async function* inBatches<Input, Item extends Tokenized, Result>(
  source: Source<Input>,
  work: BatchWork<Input, Item, Result>,
  options: BatchOptions,
): AsyncGenerator<Result[], void> {
  const { batchTokens, progress } = options;
  const queue = new RunQueue(RUNS_UNDER_WAY);
  const stop = new AbortController();
  const forward = () => stop.abort(options.signal?.reason);
  options.signal?.addEventListener("abort", forward, { once: true });
  const windows = readWindows(source, (input: Input, index) => work.tokenize(input, index), {
    inputs: INPUTS_A_WINDOW,
    tokens: BATCHES_A_WINDOW * batchTokens,
    firstTokens: batchTokens,
    patience: PATIENCE,
    isIdle: () => queue.isIdle,
    signal: stop.signal,
  });
  const compute = (window: Item[]) => runWindow(window, work, { batchTokens, progress, queue, signal: stop.signal });
  const underWay: Promise<Result[]>[] = [];
  try {
    options.signal?.throwIfAborted();
    let reading: Promise<IteratorResult<Item[], void>> | undefined = handled(windows.next());
    while (reading !== undefined || underWay.length > 0) {
      const mayRead = reading !== undefined && underWay.length < WINDOWS_UNDER_WAY;
      if (mayRead && (await isFirst(reading as Promise<unknown>, underWay[0]))) {
        const { value, done } = await (reading as Promise<IteratorResult<Item[], void>>);
        if (!done) underWay.push(handled(compute(value)));
        reading = done ? undefined : handled(windows.next());
      } else {
        yield (await underWay[0]) as Result[];
        underWay.shift();
      }
    }
  } finally {
    options.signal?.removeEventListener("abort", forward);
    stop.abort();
    void handled(windows.return()); // not awaited: a source that never answers must not keep its reader
  }
}

async function runWindow<Item extends Tokenized, Result>(
  window: readonly Item[],
  work: BatchWork<never, Item, Result>,
  context: { batchTokens: number; progress: ProgressMeter; queue: RunQueue; signal: AbortSignal },
): Promise<Result[]> {
  const { batchTokens, progress, queue, signal } = context;
  const lengths = window.map(({ length }) => length);
  const results = new Array<Result>(window.length);
  const runs = tokenBatches(lengths, batchTokens).map((batch) =>
    queue.add(async () => {
      signal.throwIfAborted();
      const items = batch.map((i) => window[i] as Item);
      const outcome = await work.run(items, signal);
      batch.forEach((i, k) => {
        results[i] = outcome[k] as Result;
      });
      progress.advance(batch.length);
    }),
  );
  await Promise.all(runs);
  return results;
}

/** Whether `one` settles before `other`, if there is another. */
function isFirst(one: Promise<unknown>, other: Promise<unknown> | undefined): Promise<boolean> {
  const first = one.then(() => true);
  return other === undefined ? first : Promise.race([first, other.then(() => false)]);
}

/** A promise whose failure is looked at later, or never when another failed before. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

import { TimeSlice } from "./time-slice.ts";

/** Something to embed, classify, ..., made ready for the model. */
export interface Tokenized {
  /** Tokens that the model will read. */
  readonly length: number;
}

/** Inputs one after another: an array, a generator, lines of a file as they come. */
export type Source<Input> = Iterable<Input> | AsyncIterable<Input>;

export interface WindowLimits {
  /** A window is full with this many inputs ... */
  readonly inputs: number;
  /** ... or this many tokens; the first window holds `firstTokens`, and each may hold twice the one before. */
  readonly tokens: number;
  readonly firstTokens: number;
  /** Milliseconds without an input after which a window is passed on as it is, if `isIdle`. */
  readonly patience: number;
  /** Whether there is nothing else to do meanwhile. */
  isIdle(): boolean;
  readonly signal: AbortSignal;
}

/**
 * Reads inputs, tokenizes each as it comes (so that no more text is held than the source holds) and passes them on in
 * windows. Small ones come first, so that the model has something to do early; later ones leave room for sorting.
 */
export async function* readWindows<Input, Item extends Tokenized>(
  source: Source<Input>,
  tokenize: (input: Input, index: number) => Item,
  limits: WindowLimits,
): AsyncGenerator<Item[], void> {
  const slice = new TimeSlice();
  let limit = limits.firstTokens;
  let window: Item[] = [];
  let tokens = 0;
  let count = 0;
  for await (const input of patiently(source, limits.patience)) {
    limits.signal.throwIfAborted();
    if (input !== PAUSE) {
      const item = tokenize(input, count++);
      window.push(item);
      tokens += item.length;
      if (slice.isOver) await slice.yield();
    }
    const isFull = tokens >= limit || window.length >= limits.inputs;
    if (isFull || (input === PAUSE && window.length > 0 && limits.isIdle())) {
      yield window;
      limit = Math.min(2 * limit, limits.tokens);
      window = [];
      tokens = 0;
    }
  }
  if (window.length > 0) yield window;
}

/** Stands between inputs that are slow to come. */
const PAUSE = Symbol("pause");

/** The inputs; where one makes us wait also pauses, again and again until it is there. */
function patiently<Input>(source: Source<Input>, patience: number): Source<Input | typeof PAUSE> {
  return Symbol.asyncIterator in source ? withPauses(source, patience) : source;
}

async function* withPauses<Input>(
  source: AsyncIterable<Input>,
  patience: number,
): AsyncGenerator<Input | typeof PAUSE> {
  const iterator = source[Symbol.asyncIterator]();
  let isOpen = true;
  try {
    for (;;) {
      isOpen = false; // a source that fails closes itself
      const next = iterator.next();
      let arrived = await orPause(next, patience);
      while (arrived === PAUSE) {
        isOpen = true;
        yield PAUSE;
        isOpen = false;
        arrived = await orPause(next, patience);
      }
      if (arrived.done) return;
      isOpen = true;
      yield arrived.value;
    }
  } finally {
    // Not awaited: a source that never answers must not keep its reader.
    if (isOpen) void iterator.return?.()?.catch(() => undefined);
  }
}

async function orPause<T>(next: Promise<T>, patience: number): Promise<T | typeof PAUSE> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pause = new Promise<typeof PAUSE>((resolve) => {
    timer = setTimeout(() => resolve(PAUSE), patience);
  });
  try {
    return await Promise.race([next, pause]);
  } finally {
    clearTimeout(timer);
  }
}

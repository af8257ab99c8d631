import { InputError } from "../../errors.ts";
import type { Position, Sequence } from "./sequence.ts";
import { permutation } from "./shuffle.ts";

/** What batches by length must know of their items. */
export interface BatchOptions<T> {
  /** Tokens of an item. */
  readonly lengthOf: (item: T) => number;
}

/** Batches of `size` items, in order; the last may be smaller. */
export function batchesOfSize<T>(sequence: Sequence<T>, size: number): Sequence<T[]> {
  checkCount("size", size);
  return {
    open(position) {
      const cursor = sequence.open(position);
      return {
        async next() {
          const batch: T[] = [];
          while (batch.length < size) {
            const item = await cursor.next();
            if (item === undefined) break;
            batch.push(item);
          }
          return batch.length === 0 ? undefined : batch;
        },
        get position() {
          return cursor.position;
        },
      };
    },
  };
}

/** Batches of as many items, in order, as have at most `tokens` tokens together; a longer item is a batch alone. */
export function batchesOfTokens<T>(
  sequence: Sequence<T>,
  tokens: number,
  { lengthOf }: BatchOptions<T>,
): Sequence<T[]> {
  checkCount("tokens", tokens);
  return {
    open(position) {
      const cursor = sequence.open(position);
      let before: Position = cursor.position; // the place before the item that waits
      let waiting: T | undefined;
      return {
        async next() {
          const batch: T[] = [];
          let sum = 0;
          for (;;) {
            if (waiting === undefined) {
              before = cursor.position;
              waiting = await cursor.next();
            }
            if (waiting === undefined) break;
            const length = lengthOf(waiting);
            if (batch.length > 0 && sum + length > tokens) break;
            batch.push(waiting);
            sum += length;
            waiting = undefined;
          }
          return batch.length === 0 ? undefined : batch;
        },
        get position() {
          return waiting === undefined ? cursor.position : before;
        },
      };
    },
  };
}

/**
 * Batches of items of like length: `window` items at a time are sorted by length and cut into batches of `size`, and the
 * batches of a window come in an order of their own for each seed. Fewer, larger matrices; nothing is padded anyway.
 *
 * @param window items. Default: 50 batches
 */
export function batchesOfLikeLength<T>(
  sequence: Sequence<T>,
  size: number,
  {
    lengthOf,
    seed,
    window = 50 * size,
  }: BatchOptions<T> & { readonly seed: number; readonly window?: number | undefined },
): Sequence<T[]> {
  const windows = batchesOfSize(sequence, window);
  return {
    open(position) {
      const begin = position as { readonly window: number; readonly at: Position; readonly taken: number } | undefined;
      const cursor = windows.open(begin?.at);
      let [count, taken, at] = [begin?.window ?? 0, begin?.taken ?? 0, cursor.position];
      let batches: T[][] | undefined;
      return {
        async next() {
          for (;;) {
            if (batches === undefined) {
              at = cursor.position;
              const items = await cursor.next();
              if (items === undefined) return undefined;
              batches = sortedBatches(items, size, lengthOf, seed + count);
            }
            if (taken < batches.length) return batches[taken++];
            [batches, taken, at] = [undefined, 0, cursor.position];
            count++;
          }
        },
        get position() {
          return { window: count, at, taken };
        },
      };
    },
  };
}

function sortedBatches<T>(items: readonly T[], size: number, lengthOf: (item: T) => number, seed: number): T[][] {
  const lengths = items.map(lengthOf);
  const order = items.map((_, i) => i).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  const count = Math.ceil(items.length / size);
  const shuffle = permutation(count, seed);
  return Array.from({ length: count }, (_, i) => {
    const start = shuffle(i) * size;
    return order.slice(start, start + size).map((at) => items[at]!);
  });
}

function checkCount(name: string, count: number): void {
  if (!Number.isInteger(count) || count < 1) {
    throw new InputError(`${name} is ${count}; expected a whole number, 1 or more.`);
  }
}

import { randomBits, seedOf, uniform } from "../../backends/random.ts";
import { countOf, type Items, type Sequence } from "./sequence.ts";

const ROUNDS = 6;

/**
 * A permutation of 0 to `count` - 1 that any place can be asked of, without a list of them: a Feistel network on the
 * smallest even number of bits, walked until it falls inside. Source: Black and Rogaway, "Ciphers with Arbitrary Finite
 * Domains", 2002.
 */
export function permutation(count: number, seed: number): (place: number) => number {
  const halfBits = Math.max(1, Math.ceil(Math.log2(Math.max(2, count)) / 2));
  const half = 2 ** halfBits;
  const keys = Array.from({ length: ROUNDS }, (_, round) => seedOf(seed, `round ${round}`));
  return (place) => {
    let value = place;
    do {
      let [left, right] = [Math.floor(value / half), value % half];
      for (const key of keys) [left, right] = [right, left ^ (randomBits(key, right) % half)];
      value = left * half + right;
    } while (value >= count);
    return value;
  };
}

/** Rows in an order of their own for each seed. */
export function shuffledRows<T>(rows: Items<T>, { seed }: { readonly seed: number }): Sequence<T> {
  const order = permutation(rows.length, seed);
  return {
    open(position) {
      let taken = countOf(position);
      return {
        async next() {
          return taken < rows.length ? rows.at(order(taken++)) : undefined;
        },
        get position() {
          return taken;
        },
      };
    },
  };
}

/**
 * Rows read as they come, shuffled within a buffer: each is swapped for a random one of the `buffer` that wait. Entering
 * it reads on from the beginning without giving anything, so shuffle what is cheap to make and map it afterwards.
 *
 * @param buffer rows that wait. Default: 10,000
 */
export function shuffledStream<T>(
  sequence: Sequence<T>,
  { seed, buffer = 10_000 }: { readonly seed: number; readonly buffer?: number | undefined },
): Sequence<T> {
  return {
    open(position) {
      const cursor = sequence.open();
      const waiting: T[] = [];
      const skip = countOf(position);
      let taken = 0;
      let isOver = false;
      const draw = async (): Promise<T | undefined> => {
        while (!isOver && waiting.length < buffer) {
          const item = await cursor.next();
          if (item === undefined) isOver = true;
          else waiting.push(item);
        }
        if (waiting.length === 0) return undefined;
        const at = Math.floor(uniform(seed, taken++) * waiting.length);
        const item = waiting[at];
        waiting[at] = waiting.at(-1)!;
        waiting.pop();
        return item;
      };
      return {
        async next() {
          while (taken < skip) if ((await draw()) === undefined) return undefined;
          return draw();
        },
        get position() {
          return Math.max(taken, skip);
        },
      };
    },
  };
}

/** A place in a sequence, small and JSON: a checkpoint keeps it. */
export type Position = number | null | { readonly [key: string]: Position } | readonly Position[];

/** A way through a sequence. */
export interface Cursor<T> {
  /** The next item; undefined at the end. */
  next(): Promise<T | undefined>;
  /** Where this cursor stands: opening the sequence here gives the items that follow. */
  readonly position: Position;
}

/**
 * Items in an order that is always the same, which can be entered at any place. What training reads is built of
 * sequences, so that the place in the last of them is all that a run must remember of its data.
 */
export interface Sequence<T> {
  /** Begins at a place that a cursor of the same sequence gave, or at the beginning. */
  open(position?: Position): Cursor<T>;
}

/** Items that can be taken by their place, from 0: an array, or rows that lie on disk. */
export interface Items<T> {
  readonly length: number;
  at(place: number): T | undefined;
}

/** The rows that a source gives each time it is read. Entering it reads from its beginning and drops what was taken. */
export function sequenceOf<T>(read: () => AsyncIterable<T> | Iterable<T>): Sequence<T> {
  return {
    open(position) {
      const rows = iterate(read());
      let taken = 0;
      const skip = countOf(position);
      return {
        async next() {
          for (; taken < skip; taken++) if ((await rows.next()).done) return undefined;
          const { value, done } = await rows.next();
          if (done) return undefined;
          taken++;
          return value;
        },
        get position() {
          return Math.max(taken, skip);
        },
      };
    },
  };
}

/** Items made of those of another sequence. */
export function mapSequence<T, R>(sequence: Sequence<T>, map: (item: T) => R): Sequence<R> {
  return {
    open(position) {
      const cursor = sequence.open(position);
      return {
        async next() {
          const item = await cursor.next();
          return item === undefined ? undefined : map(item);
        },
        get position() {
          return cursor.position;
        },
      };
    },
  };
}

/**
 * A sequence again and again, made anew each time: `(epoch) => shuffled(rows, { seed: seedOf(seed, String(epoch)) })`.
 *
 * @param count how many times. Default: for ever; it ends all the same when an epoch is empty
 */
export function repeatSequence<T>(make: (epoch: number) => Sequence<T>, count = Number.POSITIVE_INFINITY): Sequence<T> {
  return {
    open(position) {
      const begin = position as { readonly epoch: number; readonly at: Position } | undefined;
      let epoch = begin?.epoch ?? 0;
      let isFresh = begin === undefined;
      let cursor = epoch < count ? make(epoch).open(begin?.at) : undefined;
      return {
        async next() {
          while (cursor !== undefined) {
            const item = await cursor.next();
            if (item !== undefined) {
              isFresh = false;
              return item;
            }
            if (isFresh) return undefined;
            epoch++;
            isFresh = true;
            cursor = epoch < count ? make(epoch).open() : undefined;
          }
          return undefined;
        },
        get position() {
          return { epoch, at: cursor?.position ?? null };
        },
      };
    },
  };
}

/** Every item with the place after it. */
export async function* itemsOf<T>(
  sequence: Sequence<T>,
  position?: Position,
): AsyncGenerator<readonly [item: T, position: Position]> {
  const cursor = sequence.open(position);
  for (let item = await cursor.next(); item !== undefined; item = await cursor.next()) yield [item, cursor.position];
}

/** A place that is a number of items. */
export function countOf(position: Position | undefined): number {
  return typeof position === "number" ? position : 0;
}

async function* iterate<T>(rows: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  yield* rows;
}

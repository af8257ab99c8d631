import { describe, expect, it } from "vitest";
import { seedOf } from "../../backends/random.ts";
import { batchesOfLikeLength, batchesOfSize, batchesOfTokens } from "./batches.ts";
import { mixSequences } from "./mix.ts";
import { packRows, type TokenText } from "./pack.ts";
import { itemsOf, mapSequence, type Position, repeatSequence, type Sequence, sequenceOf } from "./sequence.ts";
import { permutation, shuffledRows, shuffledStream } from "./shuffle.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const counted = (count: number) => sequenceOf(() => numbers(count));

async function collect<T>(sequence: Sequence<T>, position?: Position, most = Number.POSITIVE_INFINITY): Promise<T[]> {
  const all: T[] = [];
  for await (const [item] of itemsOf(sequence, position)) {
    all.push(item);
    if (all.length === most) break;
  }
  return all;
}

/** Entered at every place, through JSON, the sequence goes on as if it had never stopped. */
async function checkResuming<T>(sequence: Sequence<T>, most = 60): Promise<void> {
  const all = await collect(sequence, undefined, most);
  const places: Position[] = [sequence.open().position];
  for await (const [, position] of itemsOf(sequence))
    if (places.push(JSON.parse(JSON.stringify(position))) > most) break;
  expect(all.length).toBeGreaterThan(2);
  for (const [taken, position] of places.entries()) {
    const rest = await collect(sequence, position, most - taken || 1);
    expect(rest.slice(0, most - taken)).toEqual(all.slice(taken));
  }
}

describe("shuffling", () => {
  it.each([1, 2, 3, 10, 1000, 4097])("a permutation of %i has every number once", (count) => {
    const place = permutation(count, 7);
    expect(numbers(count).map(place).sort((a, b) => a - b)).toEqual(numbers(count)); // biome-ignore format: one
  });

  it("seeds give other orders, each place is as likely as any", () => {
    const counts = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 3000; seed++) counts[permutation(10, seed)(0)]!++;
    for (const count of counts) expect(Math.abs(count - 300)).toBeLessThan(5 * Math.sqrt(300));
    expect(numbers(50).map(permutation(50, 1))).not.toEqual(numbers(50).map(permutation(50, 2)));
  });

  it("rows in memory and rows of a stream: all of them, the same for a seed", async () => {
    for (const make of [
      (seed: number) => shuffledRows(numbers(40), { seed }),
      (seed: number) => shuffledStream(counted(40), { seed, buffer: 8 }),
    ]) {
      const order = await collect(make(3));
      expect([...order].sort((a, b) => a - b)).toEqual(numbers(40));
      expect(await collect(make(3))).toEqual(order);
      expect(await collect(make(4))).not.toEqual(order);
      await checkResuming(make(3));
    }
  });

  it("a stream is read no further than its buffer", async () => {
    let read = 0;
    const source = sequenceOf(function* () {
      for (;;) yield read++;
    });
    await collect(shuffledStream(source, { seed: 1, buffer: 10 }), undefined, 5);
    expect(read).toBe(14);
  });
});

describe("epochs and mixtures", () => {
  const epochs = (count?: number) =>
    repeatSequence((epoch) => shuffledRows(numbers(7), { seed: seedOf(1, `epoch ${epoch}`) }), count);

  it("each epoch has every row, in an order of its own", async () => {
    const rows = await collect(epochs(3));
    expect(rows).toHaveLength(21);
    for (const start of [0, 7, 14]) expect(rows.slice(start, start + 7).sort()).toEqual(numbers(7));
    expect(rows.slice(0, 7)).not.toEqual(rows.slice(7, 14));
    await checkResuming(epochs(3));
    await checkResuming(epochs());
    expect(await collect(repeatSequence(() => counted(0)))).toEqual([]);
  });

  it("corpora are drawn from by weight, and left out when they end", async () => {
    const named = (name: string, count: number) => mapSequence(counted(count), (i) => `${name}${i}`);
    const mixed = mixSequences(
      [
        { sequence: named("a", 100_000), weight: 3 },
        { sequence: named("b", 100_000), weight: 1 },
      ],
      { seed: 5 },
    );
    const drawn = await collect(mixed, undefined, 4000);
    const share = drawn.filter((name) => name.startsWith("a")).length / 4000;
    expect(Math.abs(share - 0.75)).toBeLessThan(5 * Math.sqrt((0.75 * 0.25) / 4000));
    const ending = mixSequences(
      [
        { sequence: named("a", 5), weight: 9 },
        { sequence: named("b", 20), weight: 1 },
      ],
      { seed: 5 },
    );
    expect((await collect(ending)).filter((name) => name.startsWith("b"))).toEqual(await collect(named("b", 20)));
    expect(await collect(ending)).toHaveLength(25);
    await checkResuming(ending);
    expect(() => mixSequences([{ sequence: counted(1), weight: 0 }], { seed: 1 })).toThrow("A corpus has the weight 0");
  });
});

describe("batches", () => {
  const lengthOf = (i: number) => (i % 7) + 1;

  it("of a size", async () => {
    expect((await collect(batchesOfSize(counted(7), 3))).map((batch) => batch.length)).toEqual([3, 3, 1]);
    await checkResuming(batchesOfSize(counted(20), 3));
    expect(() => batchesOfSize(counted(1), 0)).toThrow("size is 0; expected a whole number, 1 or more.");
  });

  it("of a budget of tokens: never more, as full as the order allows, a longer item alone", async () => {
    const batches = await collect(batchesOfTokens(counted(100), 12, { lengthOf }));
    expect(batches.flat()).toEqual(numbers(100));
    const sums = batches.map((batch) => batch.reduce((sum, i) => sum + lengthOf(i), 0));
    expect(Math.max(...sums)).toBeLessThanOrEqual(12);
    for (const [i, sum] of sums.slice(0, -1).entries()) {
      expect(sum + lengthOf(batches[i + 1]![0]!)).toBeGreaterThan(12);
    }
    expect((await collect(batchesOfTokens(counted(3), 2, { lengthOf }))).map((batch) => batch.length)).toEqual([
      1, 1, 1,
    ]);
    await checkResuming(batchesOfTokens(counted(40), 12, { lengthOf }));
  });

  it("of like length: all items, little spread within a batch", async () => {
    const make = () => batchesOfLikeLength(counted(100), 4, { lengthOf, seed: 2, window: 28 });
    const batches = await collect(make());
    expect(batches.flat().sort((a, b) => a - b)).toEqual(numbers(100));
    for (const batch of batches.slice(0, 21)) expect(new Set(batch.map(lengthOf)).size).toBe(1);
    await checkResuming(make());
  });
});

describe("packing", () => {
  const texts: TokenText[] = [5, 1, 9, 0, 4].map((length, text) => ({
    ids: Int32Array.from({ length }, (_, i) => 100 * text + i),
    words: Int32Array.from({ length }, (_, i) => (i === 0 ? -1 : i >> 1)),
  }));

  it("fills rows to their length and says where texts begin", async () => {
    const rows = await collect(
      packRows(
        sequenceOf(() => texts),
        { length: 8 },
      ),
    );
    expect(rows.map(({ ids }) => [...ids])).toEqual([
      [0, 1, 2, 3, 4, 100, 200, 201],
      [202, 203, 204, 205, 206, 207, 208, 400],
    ]);
    expect(rows.map(({ offsets }) => [...offsets])).toEqual([
      [0, 5, 6, 8],
      [0, 7, 8],
    ]);
    expect(rows.map(({ words }) => [...words!])).toEqual([
      [-1, 0, 1, 1, 2, -1, -1, 3],
      [0, 0, 1, 1, 2, 2, 3, -1],
    ]);
  });

  it("can be entered at any row, in batches of a shuffled, mixed, repeated corpus too", async () => {
    await checkResuming(
      packRows(
        sequenceOf(() => [...texts, ...texts, ...texts]),
        { length: 4 },
      ),
    );
    const corpus = repeatSequence((epoch) =>
      shuffledStream(
        sequenceOf(() => texts),
        { seed: epoch, buffer: 3 },
      ),
    );
    const mixed = mixSequences(
      [
        { sequence: corpus, weight: 1 },
        { sequence: repeatSequence(() => sequenceOf(() => texts.slice(0, 3))), weight: 2 },
      ],
      { seed: 9 },
    );
    await checkResuming(batchesOfSize(packRows(mixed, { length: 6 }), 3), 30);
  });
});

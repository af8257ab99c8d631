import fc from "fast-check";
import { expect, it } from "vitest";
import { MAX_MERGES, MergeQueue } from "./merge-queue.ts";

it("gives the lowest rank first, and of equal ranks the leftmost position", () => {
  const candidate = fc.tuple(fc.nat(20), fc.nat(1000));
  fc.assert(
    fc.property(fc.array(candidate, { maxLength: 300 }), (candidates) => {
      const queue = new MergeQueue();
      for (const [rank, position] of candidates) queue.push(rank, position);
      const popped: [number, number][] = [];
      while (queue.pop()) popped.push([queue.rank, queue.position]);
      expect(popped).toEqual(candidates.toSorted(([a, i], [b, j]) => a - b || i - j));
    }),
  );
});

it("keeps the largest ranks and positions exact", () => {
  const queue = new MergeQueue();
  queue.push(MAX_MERGES - 1, 2 ** 32 - 1);
  queue.push(MAX_MERGES - 1, 2 ** 32 - 2);
  expect([queue.pop(), queue.rank, queue.position]).toEqual([true, MAX_MERGES - 1, 2 ** 32 - 2]);
  expect([queue.pop(), queue.rank, queue.position]).toEqual([true, MAX_MERGES - 1, 2 ** 32 - 1]);
  expect(queue.pop()).toBe(false);
});

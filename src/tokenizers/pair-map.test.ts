import fc from "fast-check";
import { expect, it } from "vitest";
import { PairMap } from "./pair-map.ts";

const id = fc.nat(40);

it("holds what a Map would hold, while it grows", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(id, id, fc.nat()), { maxLength: 400 }), (entries) => {
      const map = new PairMap();
      const expected = new Map<string, number>();
      for (const [first, second, value] of entries) {
        map.set(first, second, value);
        expected.set(`${first} ${second}`, value);
      }
      expect(map.size).toBe(expected.size);
      for (let first = 0; first <= 40; first++) {
        for (let second = 0; second <= 40; second++) {
          expect(map.get(first, second)).toBe(expected.get(`${first} ${second}`) ?? -1);
        }
      }
    }),
    { numRuns: 30 },
  );
});

it("tells large and swapped ids apart", () => {
  const map = new PairMap(2);
  map.set(0x7fffffff, 0, 1);
  map.set(0, 0x7fffffff, 2);
  expect([map.get(0x7fffffff, 0), map.get(0, 0x7fffffff), map.get(0, 0)]).toEqual([1, 2, -1]);
});

import fc from "fast-check";
import { expect, it } from "vitest";
import { tokenBatches } from "./token-batches.ts";

const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 });
const budgets = fc.integer({ min: 1, max: 100 });

it("takes every text once", () => {
  fc.assert(
    fc.property(lengths, budgets, (lengths, budget) => {
      const taken = tokenBatches(lengths, budget).flat();
      expect(taken.sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
    }),
  );
});

it("stays within the budget, except for a text that is longer alone", () => {
  fc.assert(
    fc.property(lengths, budgets, (lengths, budget) => {
      for (const batch of tokenBatches(lengths, budget)) {
        const tokens = batch.reduce((sum, i) => sum + (lengths[i] as number), 0);
        expect(tokens <= budget || batch.length === 1).toBe(true);
      }
    }),
  );
});

it("brings texts of like length together", () => {
  expect(tokenBatches([9, 1, 8, 2, 10], 10)).toEqual([[1, 3], [2], [0], [4]]);
});

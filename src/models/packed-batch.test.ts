import { expect, it } from "vitest";
import { pack, positionsOf } from "./packed-batch.ts";

const batch = pack([{ ids: [7, 8, 9] }, { ids: [7, 1, 8, 1, 9] }]);

it("counts positions from 0 in every text", () => {
  expect([...positionsOf(batch, undefined)]).toEqual([0, 1, 2, 0, 1, 2, 3, 4]);
});

it("counts from after the padding id, which stands where its own tokens are", () => {
  expect([...positionsOf(batch, 1)]).toEqual([2, 3, 4, 2, 1, 3, 1, 4]);
});

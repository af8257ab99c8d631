import { expect, it } from "vitest";
import { codePointTable } from "./code-point-table.ts";

it("sets the flags of ranges, which are skipped and covered in turn", () => {
  const table = codePointTable([
    ["1t 2 1 1", 1],
    ["1u 1", 2],
  ]);
  expect([...table.subarray(64, 71)]).toEqual([0, 1, 3, 0, 1, 0, 0]);
  expect(table).toHaveLength(0x110000);
});

import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { parseCpuList, parseCpuQuota, physicalCores } from "./node-cores.ts";

test("CPU lists are ranges and single numbers", () => {
  expect(parseCpuList("0-3,8,10-11")).toEqual([0, 1, 2, 3, 8, 10, 11]);
  expect(parseCpuList("5")).toEqual([5]);
  expect(parseCpuList("")).toEqual([]);
});

test("a quota is time over period, and no limit is infinite", () => {
  expect(parseCpuQuota("150000 100000\n")).toBe(1.5);
  expect(parseCpuQuota("max 100000")).toBe(Number.POSITIVE_INFINITY);
  expect(parseCpuQuota("-1 100000")).toBe(Number.POSITIVE_INFINITY);
  expect(parseCpuQuota("")).toBe(Number.POSITIVE_INFINITY);
});

test("there is at least one core and no more than Node may use", () => {
  expect(physicalCores()).toBeGreaterThanOrEqual(1);
  expect(physicalCores()).toBeLessThanOrEqual(availableParallelism());
});

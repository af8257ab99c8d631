import { expect, test } from "vitest";
import { lineChart } from "./line-chart.ts";

test.each([
  ["rounding apart", [0.6754156228475935, 0.6754156228475936], 0.6754156228475935],
  ["large and rounding apart", [1e20, 1e20 + 16384], 1e20],
  ["all the same", [3, 3], 3],
])("values that are %s have a few ticks", (_, values, least) => {
  const chart = lineChart("loss", [{ name: "a", points: values.map((y, x) => [x, y] as const) }]).text;
  expect(values[0]).toBe(least);
  expect(chart.match(/class="grid"/g)!.length).toBeLessThan(12);
  expect(chart).toContain("polyline");
});

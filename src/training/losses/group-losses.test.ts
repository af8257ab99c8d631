import { expect, test } from "vitest";
import { drawn, expectLoss } from "../../../tests/support/loss-slopes.ts";
import { BatchInputs } from "../../nn/batch-inputs.ts";
import { groupLoss, groupMembers, tokenLosses, tokenPlaces } from "./group-losses.ts";

const logSum = (values: readonly number[]) => Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0));
const scores = (from: number, to: number) => Array.from(drawn(9).subarray(from, to));

test("which token of a text: the cross-entropy over that text's tokens alone", async () => {
  const offsets = Int32Array.of(0, 4, 5, 9);
  const labels = [2, 0, 3];
  const expected = labels.map((label, i) => {
    const own = scores(offsets[i]!, offsets[i + 1]!);
    return logSum(own) - own[label]!;
  });
  const inputs = { offsets, startLabels: Int32Array.from(labels), ...tokenPlaces([4, 1, 4], 6) };
  const build = (column: Parameters<typeof groupLoss>[1]) =>
    tokenLosses({ start: column }, new BatchInputs(column.graph), 6)[0]!.rows;
  await expectLoss({ rows: "tokens", columns: 1, sizes: { tokens: 9, texts: 3 }, inputs, build }, expected);
});

test("which text of a group: the cross-entropy of shares over texts, whatever the group's size", async () => {
  const counts = [3, 1, 2, 3];
  const targets = [[0, 0.25, 0.75], [1, 0, 0], [1, 0, 0], [0, 0, 1]]; // biome-ignore format: a row a group
  const starts = [0, 3, 4, 6];
  const expected = counts.map((count, g) => {
    const own = scores(starts[g]!, starts[g]! + count);
    return own.reduce((sum, score, k) => sum + targets[g]![k]! * (logSum(own) - score), 0);
  });
  const inputs = { choiceTargets: Float32Array.from(targets.flat()), ...groupMembers(counts, 3) };
  await expectLoss(
    {
      rows: "texts",
      columns: 1,
      sizes: { tokens: 9, texts: 9, groups: 4 },
      inputs,
      build: (column) => groupLoss("choice", column, 3).rows,
    },
    expected,
  );
  expect(expected[1]).toBe(0);
});

import { expect, test } from "vitest";
import { drawn, expectLoss } from "../../../tests/support/loss-slopes.ts";
import { binaryLoss, focalLoss, labelLoss, squaredLoss } from "./target-losses.ts";

const [ROWS, COLUMNS] = [4, 3] as const;
const SHAPE = { rows: "texts", columns: COLUMNS, sizes: { texts: ROWS, tokens: ROWS } } as const;
const TARGETS = [1, 0, 0.3, 0, 1, 0.8, 0, 0, 1, 1, 1, 0];
const numbers = (row: number) => Array.from(drawn(ROWS * COLUMNS).subarray(row * COLUMNS, (row + 1) * COLUMNS));
const rows = (of: (scores: readonly number[], row: number) => number) =>
  Array.from({ length: ROWS }, (_, row) => of(numbers(row), row));
const targets = Float32Array.from(TARGETS);

test.each([0, 0.2])("classes, smoothed by %s; a negative label does not count", async (smoothing) => {
  const labels = [2, 0, -100, 1];
  const expected = rows((scores, row) => {
    const logs = scores.map((score) => score - Math.log(scores.reduce((sum, each) => sum + Math.exp(each), 0)));
    const even = logs.reduce((sum, log) => sum - log / COLUMNS, 0);
    return labels[row]! < 0 ? 0 : -(1 - smoothing) * logs[labels[row]!]! + smoothing * even;
  });
  const inputs = { classLabels: Int32Array.from(labels) };
  await expectLoss({ ...SHAPE, inputs, build: (x) => labelLoss("class", x, smoothing).rows }, expected);
});

test.each([1, 2, 3])("classes, rows that are known already counting less: focal, %s", async (gamma) => {
  const labels = [2, 0, 1, 1];
  const expected = rows((scores, row) => {
    const p = Math.exp(scores[labels[row]!]!) / scores.reduce((sum, each) => sum + Math.exp(each), 0);
    return -((1 - p) ** gamma) * Math.log(p);
  });
  const others = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) =>
    Number(labels[Math.floor(i / COLUMNS)] !== i % COLUMNS),
  );
  const inputs = { classLabels: Int32Array.from(labels), classOthers: others };
  await expectLoss({ ...SHAPE, inputs, build: (x) => focalLoss("class", x, gamma).rows }, expected);
});

test("several labels: the mean of binary cross-entropies", async () => {
  const expected = rows((scores, row) => {
    const each = scores.map((score, k) => {
      const [p, target] = [1 / (1 + Math.exp(-score)), TARGETS[row * COLUMNS + k]!];
      return -target * Math.log(p) - (1 - target) * Math.log(1 - p);
    });
    return each.reduce((sum, value) => sum + value, 0) / COLUMNS;
  });
  const inputs = { classTargets: targets };
  await expectLoss({ ...SHAPE, inputs, build: (x) => binaryLoss("class", x).rows }, expected);
});

test("numbers: the mean of squared errors", async () => {
  const expected = rows((scores, row) => {
    const errors = scores.map((score, k) => (score - Math.fround(TARGETS[row * COLUMNS + k]!)) ** 2);
    return errors.reduce((sum, value) => sum + value, 0) / COLUMNS;
  });
  expect(expected.every((value) => value > 0)).toBe(true);
  const inputs = { scoreTargets: targets };
  await expectLoss({ ...SHAPE, inputs, build: (x) => squaredLoss("score", x).rows }, expected);
});

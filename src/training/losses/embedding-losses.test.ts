import { test } from "vitest";
import { drawn, expectLoss } from "../../../tests/support/loss-slopes.ts";
import {
  contrastiveLoss,
  cosentLoss,
  cosineLoss,
  type EmbeddingRowLoss,
  LEFT_OUT,
  rankingLoss,
  tripletLoss,
} from "./embedding-losses.ts";

/** Three rows of three texts each, of five numbers. */
const [ROWS, TEXTS, SIZE] = [3, 9, 5] as const;
const GOLD = [0.2, 1, 0];
const KEPT = [0, LEFT_OUT, 0, 0, 0, 0, LEFT_OUT, 0, 0]; // anchor 0 leaves candidate 1 out, anchor 2 candidate 0
const INPUTS = {
  anchors: Int32Array.from([0, 3, 6]),
  positives: Int32Array.from([1, 4, 7]),
  negatives: Int32Array.from([2, 5, 8]),
  candidates: Int32Array.from([1, 4, 7]),
  rightCandidates: Int32Array.from([0, 1, 2]),
  candidateBias: Float32Array.from(KEPT),
  anchorBias: new Float32Array(9),
  orderBias: Float32Array.from(GOLD.flatMap((a) => GOLD.map((b) => (a < b ? 0 : LEFT_OUT)))),
  lastClasses: new Int32Array(ROWS).fill(ROWS),
  lastClass: Int32Array.of(ROWS),
  gold: Float32Array.from(GOLD),
};

function cosine(a: number, b: number): number {
  const all = drawn(TEXTS * SIZE);
  const [x, y] = [a, b].map((text) => all.subarray(text * SIZE, (text + 1) * SIZE)) as [Float32Array, Float32Array];
  const dot = (u: Float32Array, v: Float32Array) => u.reduce((sum, value, i) => sum + value * v[i]!, 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

const logSum = (values: readonly number[]) => Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0));
const each = (of: (row: number) => number) => [0, 1, 2].map(of);
/** Scores of anchor i against every positive that counts. */
const scores = (i: number, scale: number) => each((j) => scale * cosine(3 * i, 3 * j + 1) + KEPT[3 * i + j]!);
const backwards = (i: number, scale: number) => each((j) => scale * cosine(3 * i + 1, 3 * j));

/** The same by the formulas of the papers. */
const CASES: readonly (readonly [name: string, loss: EmbeddingRowLoss, expected: () => readonly number[]])[] = [
  [
    "ranking",
    rankingLoss(ROWS, ROWS, { scale: 5, symmetric: false }),
    () => each((i) => logSum(scores(i, 5)) - scores(i, 5)[i]!),
  ],
  [
    "ranking, symmetric",
    rankingLoss(ROWS, ROWS, { scale: 3, symmetric: true }),
    () =>
      each((i) => {
        const [forth, back] = [scores(i, 3), backwards(i, 3)];
        return (logSum(forth) - forth[i]! + logSum(back) - back[i]!) / 2;
      }),
  ],
  [
    "cosent",
    cosentLoss(ROWS, { scale: 4 }),
    () => {
      const alike = each((i) => 4 * cosine(3 * i, 3 * i + 1));
      const pairs = each((i) => i).flatMap((i) =>
        each((j) => j)
          .filter((j) => GOLD[i]! < GOLD[j]!)
          .map((j) => alike[i]! - alike[j]!),
      );
      return [Math.log(1 + pairs.reduce((sum, difference) => sum + Math.exp(difference), 0))];
    },
  ],
  ["cosine", cosineLoss(ROWS), () => each((i) => (cosine(3 * i, 3 * i + 1) - GOLD[i]!) ** 2)],
  [
    "triplet",
    tripletLoss(ROWS, { margin: 0.7 }),
    () => each((i) => Math.max(0, cosine(3 * i, 3 * i + 2) - cosine(3 * i, 3 * i + 1) + 0.7)),
  ],
  [
    "contrastive",
    contrastiveLoss(ROWS, { margin: 1.5 }),
    () =>
      each((i) => {
        const distance = 1 - cosine(3 * i, 3 * i + 1);
        return (GOLD[i]! * distance ** 2 + (1 - GOLD[i]!) * Math.max(0, 1.5 - distance) ** 2) / 2;
      }),
  ],
];

test.each(CASES)("%s: the paper's formula, and the slope of finite differences", async (_, build, expected) => {
  await expectLoss(
    { rows: "texts", columns: SIZE, sizes: { texts: TEXTS, tokens: TEXTS }, inputs: INPUTS, build },
    expected(),
  );
});

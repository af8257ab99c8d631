import { test } from "vitest";
import { drawn, expectLoss } from "../../../tests/support/loss-slopes.ts";
import { divergenceLoss, marginLoss, teacherInputs } from "./distillation-losses.ts";
import {
  angleLoss,
  contrastiveLoss,
  cosentLoss,
  cosineLoss,
  type EmbeddingRowLoss,
  LEFT_OUT,
  rankingLoss,
  tripletLoss,
} from "./embedding-losses.ts";

/** Three rows of three texts each, of six numbers. */
const [ROWS, TEXTS, SIZE] = [3, 9, 6] as const;
/** A teacher's scores of each row's own text and its negatives; the last row has one of these. */
const TAUGHT = [[3, 1, -1], [2, 2.5, 0], [1, -2]]; // biome-ignore format: a row a row
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
  text0: Int32Array.from([1, 4, 7]),
  text1: Int32Array.from([2, 5, 8]),
  text2: Int32Array.from([3, 0, 0]),
  ...teacherInputs(TAUGHT, 3),
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

/** What the student makes of a row's own text and its negatives. */
const taughtScores = (i: number) => [3 * i + 1, 3 * i + 2, [3, 0][i]!].slice(0, TAUGHT[i]!.length).map((text) => 4 * cosine(3 * i, text)); // biome-ignore format: one

/** AnglE's: the parts of the quotient of the two as complex numbers, brought to length 1. */
function angle(a: number, b: number): number {
  const all = drawn(TEXTS * SIZE);
  const [x, y] = [a, b].map((text) => {
    const numbers = Array.from(all.subarray(text * SIZE, (text + 1) * SIZE));
    const length = Math.hypot(...numbers);
    return numbers.map((number) => number / length);
  }) as [number[], number[]];
  let sum = 0;
  for (let k = 0; k < SIZE / 2; k++) {
    const [a, b, c, d] = [x[k]!, x[k + SIZE / 2]!, y[k]!, y[k + SIZE / 2]!];
    sum += a * c + b * d + (b * c - a * d);
  }
  return Math.abs(sum);
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
  [
    "angle",
    angleLoss(ROWS, { scale: 2 }),
    () => {
      const alike = each((i) => 2 * angle(3 * i, 3 * i + 1));
      const pairs = each((i) => i).flatMap((i) =>
        each((j) => j)
          .filter((j) => GOLD[i]! < GOLD[j]!)
          .map((j) => alike[i]! - alike[j]!),
      );
      return [Math.log(1 + pairs.reduce((sum, difference) => sum + Math.exp(difference), 0))];
    },
  ],
  [
    "margin-mse",
    marginLoss({ rows: ROWS, texts: 3, scale: 4 }),
    () =>
      each((i) => {
        const [own = 0, ...others] = taughtScores(i);
        const errors = others.map((other, k) => (own - other - (TAUGHT[i]![0]! - TAUGHT[i]![k + 1]!)) ** 2);
        return errors.reduce((sum, error) => sum + error, 0) / errors.length;
      }),
  ],
  [
    "divergence",
    divergenceLoss({ rows: ROWS, texts: 3, scale: 4 }),
    () =>
      each((i) => {
        const [student, teacher] = [taughtScores(i), TAUGHT[i]!];
        return teacher.reduce((sum, score, k) => {
          const log = score - logSum(teacher);
          return sum + Math.exp(log) * (log - (student[k]! - logSum(student)));
        }, 0);
      }),
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

import { expect, test } from "vitest";
import { createRandom } from "../../backends/self-check/random.ts";
import { crfLoss } from "./crf-loss.ts";

const random = createRandom(5);
const numbers = (count: number) => Float64Array.from({ length: count }, () => 4 * random() - 2);

/** The score of one sequence, written out. */
function scoreOf(scores: Float64Array, transitions: Float64Array, path: readonly number[], labels: number): number {
  let sum = transitions[labels * labels + path[0]!]! + transitions[(labels + 1) * labels + path.at(-1)!]!;
  path.forEach((label, t) => {
    sum += scores[t * labels + label]!;
    if (t > 0) sum += transitions[path[t - 1]! * labels + label]!;
  });
  return sum;
}

function allPaths(places: number, labels: number): number[][] {
  if (places === 0) return [[]];
  return allPaths(places - 1, labels).flatMap((path) => Array.from({ length: labels }, (_, label) => [...path, label]));
}

test.each([
  [1, 1],
  [1, 3],
  [4, 1],
  [4, 3],
  [2, 5],
])("the loss of %i places and %i labels is that over all sequences", (places, labels) => {
  const [scores, transitions] = [numbers(places * labels), numbers((labels + 2) * labels)];
  const all = allPaths(places, labels).map((path) => scoreOf(scores, transitions, path, labels));
  const total = Math.log(all.reduce((sum, score) => sum + Math.exp(score), 0));
  for (const gold of allPaths(places, labels)) {
    const { loss } = crfLoss(scores, transitions, gold);
    expect(loss).toBeCloseTo(total - scoreOf(scores, transitions, gold, labels), 10);
  }
});

test("gradients are finite differences", () => {
  const [places, labels, gold] = [5, 3, [2, 0, 0, 1, 2]];
  const [scores, transitions] = [numbers(places * labels), numbers((labels + 2) * labels)];
  const gradients = crfLoss(scores, transitions, gold);
  const step = 1e-5;
  for (const [values, found] of [
    [scores, gradients.scores],
    [transitions, gradients.transitions],
  ] as const) {
    for (const [i, value] of values.entries()) {
      values[i] = value + step;
      const above = crfLoss(scores, transitions, gold).loss;
      values[i] = value - step;
      const below = crfLoss(scores, transitions, gold).loss;
      values[i] = value;
      expect(found[i]).toBeCloseTo((above - below) / (2 * step), 7);
    }
  }
});

test("large scores do not overflow", () => {
  const { loss, scores } = crfLoss(Float64Array.of(1e4, 0, 0, -1e4), new Float64Array(8), [0, 0]);
  expect(loss).toBe(0);
  expect([...scores]).toEqual([0, 0, 0, 0]);
});

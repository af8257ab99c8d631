import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { describeShared } from "../../tests/support/shared.ts";
import { ndcg } from "./ranking.ts";

interface Expected {
  readonly ranking: { relevance: number[]; scores: number[]; "ndcg@10_linear": number; ndcg_linear: number }[];
}

describeShared("ranking as scikit-learn computes it", "goldens/metrics.json", (path) => {
  const { ranking } = JSON.parse(readFileSync(path, "utf8")) as Expected;

  it("normalized discounted cumulative gain", () => {
    for (const { relevance, scores, ...expected } of ranking) {
      const judgements = new Map(relevance.map((gain, i) => [String(i), gain]));
      const order = [...judgements.keys()].sort(
        (a, b) => (scores[Number(b)] as number) - (scores[Number(a)] as number),
      );
      expect(ndcg(order, judgements)).toBeCloseTo(expected["ndcg@10_linear"], 12);
      expect(ndcg(order, judgements, 20)).toBeCloseTo(expected.ndcg_linear, 12);
    }
  });
});

it("is 1 for the best order and 0 where nothing is relevant", () => {
  const judgements = new Map([
    ["a", 1],
    ["b", 1],
  ]);
  expect(ndcg(["a", "b", "c"], judgements)).toBe(1);
  expect(ndcg(["c", "d"], judgements)).toBe(0);
  expect(ndcg(["a"], new Map())).toBe(0);
});

it("expects all that is relevant, also what was not found", () => {
  const judgements = new Map([
    ["a", 1],
    ["b", 1],
  ]);
  expect(ndcg(["a"], judgements)).toBeCloseTo(1 / (1 + 1 / Math.log2(3)), 12);
});

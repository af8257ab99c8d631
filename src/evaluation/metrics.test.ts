import { describe, expect, it } from "vitest";
import {
  accuracy,
  answerF1,
  answerScores,
  averagePrecision,
  averageScores,
  bootstrapInterval,
  bootstrapIntervals,
  cohenKappa,
  countClasses,
  countEntities,
  exactMatch,
  expectedCalibrationError,
  fitTemperature,
  fitThreshold,
  kendall,
  logLoss,
  maskedAccuracy,
  matthewsCorrelation,
  multiClassBrierScore,
  partialMatch,
  perplexity,
  precisionAt,
  rankingPrecision,
  recallAt,
  reciprocalRank,
  regressionMetrics,
  reliabilityBins,
  rocAuc,
  type TagScheme,
  taggedEntities,
} from "./index.ts";

/** Numbers in [0, 1), the same every time. */
function uniform(i: number): number {
  let x = Math.imul(i + 1, 0x9e3779b1);
  for (const factor of [0x85ebca6b, 0xc2b2ae35]) x = Math.imul(x ^ (x >>> 15), factor);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}

describe("classification", () => {
  it("counts sets of labels each for itself", () => {
    const gold = [["a", "b"], [], ["b"]];
    const predicted = [["a"], ["c"], ["b", "b"]];
    expect(countClasses(gold, predicted)).toEqual([
      { label: "a", support: 1, predicted: 1, correct: 1 },
      { label: "b", support: 2, predicted: 1, correct: 1 },
      { label: "c", support: 0, predicted: 1, correct: 0 },
    ]);
    expect(averageScores(countClasses(gold, predicted), "micro")).toEqual({
      precision: 2 / 3,
      recall: 2 / 3,
      f1: 2 / 3,
    });
    expect(accuracy(gold, predicted)).toBe(1 / 3);
    expect(accuracy([["a", "b"]], [["b", "a"]])).toBe(1);
  });

  it("is 0 where chance explains everything", () => {
    expect(matthewsCorrelation(["a", "a"], ["a", "a"])).toBe(0);
    expect(cohenKappa(["a", "a"], ["a", "a"])).toBe(0);
    expect(matthewsCorrelation(["a", "b"], ["b", "a"])).toBe(-1);
  });

  it("refuses what cannot be scored", () => {
    expect(() => accuracy(["a"], [])).toThrowErrorMatchingInlineSnapshot(
      `[InputError: Cannot compare 1 gold labels with 0; expected as many of each.]`,
    );
    expect(() => accuracy([], [])).toThrowErrorMatchingInlineSnapshot(
      `[InputError: There are no labels to score: the split is empty.]`,
    );
    expect(() => rocAuc([1, 1], [0.3, 0.4])).toThrowErrorMatchingInlineSnapshot(
      `[InputError: All 2 rows are of one class: there are no negatives to score against. Use a split with both.]`,
    );
  });
});

describe("scores", () => {
  it("count ties half in the ROC area and as one step in average precision", () => {
    expect(rocAuc([true, false], [0.5, 0.5])).toBe(0.5);
    expect(rocAuc([1, 0, 1, 0], [0.9, 0.1, 0.5, 0.5])).toBe(0.875);
    expect(averagePrecision([1, 0], [0.5, 0.5])).toBe(0.5);
    expect(averagePrecision([1, 0, 1], [0.9, 0.8, 0.7])).toBeCloseTo((1 + 2 / 3) / 2, 12);
  });

  it("Kendall's tau is what counting all pairs gives", () => {
    const x = Array.from({ length: 60 }, (_, i) => Math.floor(uniform(i) * 9));
    const y = Array.from({ length: 60 }, (_, i) => Math.floor(uniform(1000 + i) * 7));
    let [order, pairsX, pairsY] = [0, 0, 0];
    for (let i = 0; i < 60; i++) {
      for (let j = 0; j < i; j++) {
        order += Math.sign((x[i]! - x[j]!) * (y[i]! - y[j]!));
        if (x[i] !== x[j]) pairsX++;
        if (y[i] !== y[j]) pairsY++;
      }
    }
    expect(kendall(x, y)).toBeCloseTo(order / Math.sqrt(pairsX * pairsY), 12);
    expect(regressionMetrics([1, 2], [3, 3])).toMatchObject({ pearson: 0, kendall: 0, mean_squared_error: 2.5 });
  });

  it("a threshold lies between the two scores where F1 is highest", () => {
    expect(fitThreshold([1, 0, 1, 0], [0.9, 0.1, 0.5, 0.4])).toEqual({ threshold: 0.45, f1: 1 });
    expect(fitThreshold([1, 1], [0.2, 0.2])).toEqual({ threshold: 0.2, f1: 1 });
    expect(fitThreshold([0, 0], [0.2, 0.9])).toEqual({ threshold: 1.9, f1: 0 });
  });
});

describe("calibration", () => {
  it("confidences on the edge of a range belong to the lower one", () => {
    const bins = reliabilityBins([1, 0, 1], [0.5, 0.6, 1], { bins: 2 });
    expect(bins.map(({ count }) => count)).toEqual([1, 2]);
    expect(bins[1]).toEqual({ from: 0.5, to: 1, count: 2, confidence: 0.8, accuracy: 0.5 });
    expect(expectedCalibrationError([1, 0, 1], [0.5, 0.6, 1], { bins: 2 })).toBeCloseTo((0.5 + 2 * 0.3) / 3, 12);
  });

  it("log loss and Brier's score of several classes", () => {
    const rows = [
      [0.7, 0.2, 0.1],
      [0.1, 0.1, 0.8],
    ];
    expect(logLoss([0, 1], rows)).toBeCloseTo(-(Math.log(0.7) + Math.log(0.1)) / 2, 12);
    expect(multiClassBrierScore([0, 1], rows)).toBeCloseTo((0.14 + 1.46) / 2, 12);
    expect(() => logLoss([3, 0], rows)).toThrow("Row 0 is of class 3, for which it has no probability.");
  });

  it("the temperature with which logits were spoiled is found again", () => {
    const logits = Array.from({ length: 4000 }, (_, i) => [3 * uniform(3 * i), 3 * uniform(3 * i + 1), 0]);
    const gold = logits.map((row, i) => {
      const weights = row.map(Math.exp);
      const place = uniform(50_000 + i) * weights.reduce((sum, weight) => sum + weight, 0);
      return place < weights[0]! ? 0 : place < weights[0]! + weights[1]! ? 1 : 2;
    });
    const temperature = fitTemperature(
      gold,
      logits.map((row) => row.map((logit) => 2.5 * logit)),
    );
    const plain = fitTemperature(gold, logits);
    expect(temperature / plain).toBeCloseTo(2.5, 6);
    expect(plain).toBeGreaterThan(0.85);
    expect(plain).toBeLessThan(1.15);
  });
});

describe("ranking", () => {
  const judgements = new Map([
    ["a", 1],
    ["b", 2],
    ["c", 0],
  ]);

  it("places of what is relevant", () => {
    const ranking = ["c", "a", "x", "b"];
    expect(reciprocalRank(ranking, judgements)).toBe(0.5);
    expect(reciprocalRank(ranking, judgements, 1)).toBe(0);
    expect(rankingPrecision(ranking, judgements)).toBe((1 / 2 + 2 / 4) / 2);
    expect(rankingPrecision(ranking, judgements, 2)).toBe(0.25);
    expect(precisionAt(ranking, judgements, 5)).toBe(2 / 5);
    expect(recallAt(ranking, judgements, 2)).toBe(0.5);
    expect(recallAt(ranking, new Map())).toBe(0);
  });
});

/** Recorded from seqeval 1.2.2: `Tokens(tags, scheme).entities`, and `get_entities` where there is no scheme. */
const SEQUENCES: readonly (readonly [scheme: TagScheme | undefined, tags: string, entities: string])[] = [
  ["IOB1", "I-X I-Y B-Y I-Y O O I-Y", "X:0-1 Y:1-2 Y:2-4 Y:6-7"],
  ["IOB1", "B-Y I-X I-Y B-Y B-X B-Y", "X:1-2 Y:2-3"],
  ["IOB2", "I-Y I-X B-X I-Y B-X B-Y I-X", "X:2-3 X:4-5 Y:5-6"],
  ["IOB2", "O I-X B-Y I-X B-X I-X I-X I-X", "Y:2-3 X:4-8"],
  ["IOE1", "O O E-Y I-X I-X I-X I-Y E-X", "X:3-6 Y:6-7"],
  ["IOE1", "E-X I-Y E-X O E-Y E-X E-X E-X", "Y:1-2 X:6-7"],
  ["IOE2", "I-Y I-Y O I-Y E-Y E-X E-X", "Y:3-5 X:5-6 X:6-7"],
  ["IOE2", "E-X I-Y O I-X I-X I-X E-X E-Y", "X:0-1 X:3-7 Y:7-8"],
  ["IOBES", "B-Y S-Y O S-X S-X S-Y S-X O", "Y:1-2 X:3-4 X:4-5 Y:5-6 X:6-7"],
  ["BILOU", "I-X U-X I-Y O U-X O O", "X:1-2 X:4-5"],
  ["BILOU", "B-X U-Y B-Y U-Y B-Y I-Y O", "Y:1-2 Y:3-4"],
  [undefined, "I-X B-Y B-X B-X E-Y B-X", "X:0-1 Y:1-2 X:2-3 X:3-4 Y:4-5 X:5-6"],
  [undefined, "I-X S-X O I-Y B-X S-X S-X E-Y", "X:0-1 X:1-2 Y:3-4 X:4-5 X:5-6 X:6-7 Y:7-8"],
];

describe("entities", () => {
  it.each(SEQUENCES)("%s: %s", (scheme, tags, entities) => {
    const found = taggedEntities(tags.split(" "), { scheme });
    expect(found.map(({ type, start, end }) => `${type}:${start}-${end}`).join(" ")).toBe(entities);
  });

  it("refuses tags that mark no entity, or are none of the scheme", () => {
    expect(() => taggedEntities(["NOUN"])).toThrowErrorMatchingInlineSnapshot(
      `[InputError: The tag "NOUN" marks no entity; expected O, or B-, I-, E-, S-, L- or U- before a type.]`,
    );
    expect(() => taggedEntities(["E-X"], { scheme: "IOB2" })).toThrow('The tag "E-X" is not one of the scheme IOB2.');
    expect(() => taggedEntities(["U-X"], { scheme: "IOBES" })).toThrow('The tag "U-X" is not one of the scheme IOBES.');
    expect(() => countEntities([["O", "O"]], [["O"]])).toThrow("Sequence 0 has 2 gold tags and 1 predicted ones.");
  });

  it("partial matches: range and type each count as the rule says", () => {
    const gold = ["B-PER I-PER O B-LOC O B-ORG O B-PER".split(" ")];
    const predicted = ["B-PER O O B-ORG O B-ORG B-LOC O".split(" ")];
    const { strict, exact, partial, type } = partialMatch(gold, predicted);
    const counts = ({ correct, incorrect, partial, missed, spurious }: typeof strict) =>
      [correct, incorrect, partial, missed, spurious]; // biome-ignore format: one
    expect(counts(strict)).toEqual([1, 2, 0, 1, 1]);
    expect(counts(exact)).toEqual([2, 1, 0, 1, 1]);
    expect(counts(partial)).toEqual([2, 0, 1, 1, 1]);
    expect(counts(type)).toEqual([2, 1, 0, 1, 1]);
    expect(partial.precision).toBe(2.5 / 4);
    expect(partial.recall).toBe(2.5 / 4);
  });
});

describe("answers", () => {
  it("are compared without case, punctuation and articles", () => {
    expect(exactMatch("The Eiffel-Tower!", "eiffeltower")).toBe(1);
    expect(exactMatch("theory", "ory")).toBe(0);
    expect(answerF1("a red big dog", "big red dog dog")).toBeCloseTo((2 * 3) / 7, 12);
    expect(answerF1("the", "")).toBe(1);
    expect(answerF1("dog", "")).toBe(0);
  });

  it("take the best of the gold answers, and an empty one where there are none", () => {
    expect(answerScores([["Rome", "in Rome"], [], []], ["In Rome", "", "x"])).toEqual({ exactMatch: 2 / 3, f1: 2 / 3 });
  });
});

describe("tokens", () => {
  it("perplexity is the size of a vocabulary that is as hard to guess", () => {
    expect(perplexity([Math.log(1 / 8), Math.log(1 / 8)])).toBeCloseTo(8, 12);
    expect(() => perplexity([0.1])).toThrow("Log probability 0 is 0.1; expected 0 or less.");
  });

  it("masked accuracy looks at masked tokens only", () => {
    expect(maskedAccuracy([-100, 5, 7], [1, 5, 8])).toBe(0.5);
    expect(() => maskedAccuracy([-100], [1])).toThrow("None of 1 tokens is masked; there is nothing to score.");
  });
});

describe("bootstrap", () => {
  it("covers the mean as the central limit theorem says, the same for the same stream", () => {
    const values = Array.from({ length: 400 }, (_, i) => uniform(i));
    const mean = (rows: Int32Array) => rows.reduce((sum, row) => sum + values[row]!, 0) / rows.length;
    const interval = bootstrapInterval(400, mean, uniform);
    expect(bootstrapInterval(400, mean, uniform)).toEqual(interval);
    const halfWidth = (1.96 * Math.sqrt(1 / 12)) / Math.sqrt(400);
    expect((interval.high - interval.low) / 2 / halfWidth).toBeGreaterThan(0.8);
    expect((interval.high - interval.low) / 2 / halfWidth).toBeLessThan(1.2);
  });

  it("bounds several metrics by the same draws", () => {
    const values = Array.from({ length: 40 }, (_, i) => uniform(i));
    const mean = (rows: Int32Array) => rows.reduce((sum, row) => sum + values[row]!, 0) / rows.length;
    const both = bootstrapIntervals(40, (rows) => ({ mean: mean(rows), none: Number.NaN }), uniform);
    expect(both).toEqual({ mean: bootstrapInterval(40, mean, uniform) });
  });

  it("leaves out draws on which the metric is undefined", () => {
    const gold = [1, 0];
    const area = (rows: Int32Array) =>
      rocAuc(
        [...rows].map((i) => gold[i]!),
        [...rows],
      );
    expect(bootstrapInterval(2, area, uniform, { resamples: 50 })).toEqual({ low: 0, high: 0 });
    expect(() => bootstrapInterval(2, () => Number.NaN, uniform)).toThrow("undefined on all 1000 draws of 2 rows");
  });
});

import { describe, expect, it } from "vitest";
import { Gazetteer, joinWords } from "./gazetteer.ts";
import { knowledgeStage, objectiveAt } from "./knowledge-stages.ts";
import { maskSpans, type SpanOptions } from "./mask-spans.ts";
import { maskTokens } from "./mask-tokens.ts";
import { maskUnits } from "./mask-units.ts";
import type { MaskedRow, MaskingOptions } from "./masked-row.ts";
import { PhraseCounter } from "./phrases.ts";
import { replaceBySamples } from "./replaced-tokens.ts";
import { nextSentencePairs, type SegmentPair, sentenceOrderPairs } from "./sentence-pairs.ts";

const MASK = 4;
const LENGTH = 128;
const ROWS = 400;
const options: MaskingOptions = {
  vocabulary: { size: 1000, maskId: MASK, special: new Set([0, 1, 2, 3, 4]) },
  seed: 11,
};

/** [CLS], tokens from 100 on, [SEP]. */
const ids = Int32Array.from({ length: LENGTH }, (_, i) => (i === 0 ? 2 : i === LENGTH - 1 ? 3 : 99 + i));
/** Words of one, two and three tokens in turn. */
const words = Int32Array.from({ length: LENGTH }, (_, i) => {
  if (i === 0 || i === LENGTH - 1) return -1;
  const [round, rest] = [Math.floor((i - 1) / 6), (i - 1) % 6];
  return 3 * round + (rest === 0 ? 0 : rest < 3 ? 1 : 2);
});

const rows = (mask: (row: number) => MaskedRow) => Array.from({ length: ROWS }, (_, row) => mask(row));

/** Within five standard deviations of what chance gives. */
function expectShare(count: number, total: number, share: number): void {
  expect(Math.abs(count / total - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / total));
}

/** What holds of every objective: the targets stand where they say, nothing else is touched, rows repeat exactly. */
function checkMasking(mask: (row: number) => MaskedRow): MaskedRow[] {
  const masked = rows(mask);
  for (const { ids: replaced, positions, targets } of masked) {
    const guessed = new Set(positions);
    expect(guessed.size).toBe(positions.length);
    expect(positions).toEqual(positions.slice().sort());
    expect(Array.from(positions, (place) => ids[place])).toEqual([...targets]);
    expect(guessed.has(0) || guessed.has(LENGTH - 1)).toBe(false);
    expect([...ids.keys()].filter((i) => !guessed.has(i) && replaced[i] !== ids[i])).toEqual([]);
  }
  expect(mask(7)).toEqual(masked[7]);
  expect(mask(7)).not.toEqual(masked[8]);
  return masked;
}

/** How many of the guessed tokens became [MASK], another token, or stayed. */
function fates(masked: readonly MaskedRow[]) {
  const counts = { mask: 0, random: 0, same: 0, total: 0 };
  for (const { ids: replaced, positions, targets } of masked) {
    for (const [i, place] of positions.entries()) {
      counts.total++;
      if (replaced[place] === MASK) counts.mask++;
      else if (replaced[place] === targets[i]) counts.same++;
      else counts.random++;
    }
  }
  return counts;
}

describe("masked tokens", () => {
  it("15 % are guessed: 80 % [MASK], 10 % random, 10 % as they were", () => {
    const masked = checkMasking((row) => maskTokens(ids, row, options));
    const { mask, random, same, total } = fates(masked);
    expectShare(total, ROWS * (LENGTH - 2), 0.15);
    expectShare(mask, total, 0.8);
    expectShare(random, total, 0.1 * (994 / 995));
    expectShare(same, total, 0.1 + 0.1 / 995);
    const places = new Array<number>(LENGTH).fill(0);
    for (const { positions } of masked) for (const place of positions) places[place]!++;
    for (const count of places.slice(1, -1)) expect(Math.abs(count / ROWS - 0.15)).toBeLessThan(0.1);
  });

  it("no special token comes in, whatever the share of random ones", () => {
    const masked = rows((row) => maskTokens(ids, row, { ...options, rate: 0.5, maskShare: 0, randomShare: 1 }));
    expect(Math.min(...masked.flatMap(({ ids: replaced }) => [...replaced.slice(1, -1)]))).toBeGreaterThan(4);
    expect(Math.max(...masked.flatMap(({ ids: replaced }) => [...replaced]))).toBeLessThan(1000);
  });

  it("another seed, another row, and another rate mask otherwise; more is masked where the rate is higher", () => {
    const one = maskTokens(ids, 0, options);
    expect(maskTokens(ids, 0, { ...options, seed: 12 })).not.toEqual(one);
    const more = new Set(maskTokens(ids, 0, { ...options, rate: 0.4 }).positions);
    expect([...one.positions].every((place) => more.has(place))).toBe(true);
  });
});

describe("whole units", () => {
  it("are guessed whole, up to the rate", () => {
    const masked = checkMasking((row) => maskUnits(ids, words, row, options));
    for (const { positions } of masked) {
      const guessed = new Set(Array.from(positions, (place) => words[place]));
      expect([...words.keys()].filter((i) => guessed.has(words[i]))).toEqual([...positions]);
      expect(positions.length).toBe(19); // 126 x 0.15
    }
    const { mask, total } = fates(masked);
    expectShare(mask, total, 0.8);
  });

  it("one token at least, none where there is nothing to guess", () => {
    const short = Int32Array.from([2, 100, 3]);
    expect([...maskUnits(short, Int32Array.from([-1, 0, -1]), 0, options).positions]).toEqual([1]);
    expect(maskUnits(Int32Array.from([2, 3]), Int32Array.from([-1, -1]), 0, options).positions).toHaveLength(0);
  });
});

describe("spans", () => {
  const singles = Int32Array.from(words, (word, i) => (word < 0 ? -1 : i));

  /** Runs of neighbours among the places. */
  const runsOf = ({ positions }: MaskedRow) => {
    const runs: number[] = [];
    for (const [i, place] of positions.entries()) {
      if (i > 0 && positions[i - 1] === place - 1) runs[runs.length - 1]!++;
      else runs.push(1);
    }
    return runs;
  };
  const meanRun = (settings: Partial<SpanOptions>) => {
    const runs = rows((row) => maskSpans(ids, singles, row, { ...options, ...settings })).flatMap(runsOf);
    return runs.reduce((sum, run) => sum + run, 0) / runs.length;
  };

  it("fill the rate, whole words each, one fate a span", () => {
    const masked = checkMasking((row) => maskSpans(ids, words, row, options));
    const lengths = masked.map(({ positions }) => positions.length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(19);
    expect(lengths.reduce((sum, length) => sum + length, 0) / ROWS).toBeGreaterThan(18);
    for (const { ids: replaced, positions } of masked) {
      const wholes = new Set(Array.from(positions, (place) => `${words[place]} ${replaced[place] === MASK}`));
      expect(wholes.size).toBe(new Set(Array.from(positions, (place) => words[place])).size);
    }
    const { mask, total } = fates(masked);
    expect(Math.abs(mask / total - 0.8)).toBeLessThan(0.05);
  });

  it("are as long as the distribution says", () => {
    // Mean of the geometric one cut at 10: 3.8; of 1/n to 3: 1.64. Short ends and neighbours move it a little.
    expect(Math.abs(meanRun({}) - 3.8)).toBeLessThan(0.9);
    expect(Math.abs(meanRun({ lengths: "n-gram" }) - 1.64)).toBeLessThan(0.4);
    expect(meanRun({ longest: 1 })).toBeLessThan(1.35);
  });
});

describe("knowledge", () => {
  it("phrases are words that come together more often than chance gives", () => {
    const counter = new PhraseCounter({ leastCount: 5 });
    const names = ["of", "the", "and", "to", "in", "was", "is", "for"];
    for (let i = 0; i < 300; i++) {
      const filler = (k: number) => names[(i * 7 + k * 3) % names.length]!;
      counter.add([filler(1), "New", "York", filler(2), filler(5), "machine", "learning", filler(3), "1998", "."]);
    }
    const phrases = counter.phrases().map((phrase) => phrase.join(" "));
    expect(phrases).toContain("new york");
    expect(phrases).toContain("machine learning");
    expect(phrases.some((phrase) => /1998|\./.test(phrase))).toBe(false);
    expect(phrases).not.toContain("of the");
  });

  it("counting forgets what is rare when it holds too much", () => {
    const counter = new PhraseCounter({ leastCount: 50, capacity: 200 });
    for (let i = 0; i < 2000; i++) counter.add([`a${i}`, "New", "York", `b${i}`]);
    expect(counter.phrases()).toEqual([["new", "york"]]);
  });

  it("the longest entry of a list is found, from left to right, and becomes one unit", () => {
    const gazetteer = new Gazetteer([["New", "York"], ["New", "York", "Times"], ["York"], []]);
    expect(gazetteer.size).toBe(3);
    const spans = gazetteer.find(["The", "new", "york", "times", "of", "York", "New"]);
    expect(spans).toEqual([
      { start: 1, end: 4 },
      { start: 5, end: 6 },
    ]);
    const tokens = Int32Array.from([-1, 0, 1, 1, 2, 3, 4, 5, 6, -1]);
    expect([...joinWords(tokens, spans)]).toEqual([-1, 0, 1, 1, 1, 1, 4, 5, 6, -1]);
  });

  it("a phrase is guessed whole or not at all", () => {
    const units = joinWords(words, [{ start: 3, end: 6 }]);
    const places = [...units.keys()].filter((i) => units[i] === 3);
    expect(places).toHaveLength(6);
    const guessed = checkMasking((row) => maskUnits(ids, units, row, options)).map(
      ({ positions }) => places.filter((place) => positions.includes(place)).length,
    );
    expect(new Set(guessed)).toEqual(new Set([0, 6]));
  });

  it("stages follow each other, each with its share of the steps", () => {
    const stages = Array.from({ length: 10 }, (_, step) => knowledgeStage(step, { steps: 9 }));
    expect(stages).toEqual([...Array(3).fill("basic"), ...Array(3).fill("phrase"), ...Array(4).fill("entity")]);
    const shares = { basic: 1, phrase: 1, entity: 0 };
    expect(knowledgeStage(9, { steps: 10, shares })).toBe("phrase");
    expect(knowledgeStage(10, { steps: 10, shares })).toBe("phrase");
    expect(() => knowledgeStage(0, { steps: 1, shares: { basic: 0, phrase: 0, entity: 0 } })).toThrow("not all 0");
  });

  it("objectives take turns by weight", () => {
    const objectives = [
      { name: "mlm", weight: 3 },
      { name: "sop", weight: 1 },
    ];
    const drawn = Array.from({ length: 4000 }, (_, step) => objectiveAt(step, objectives, { seed: 1 }));
    expectShare(drawn.filter((name) => name === "mlm").length, 4000, 0.75);
  });
});

describe("pairs of segments", () => {
  /** Sentences whose tokens tell document, sentence and place. */
  const documents = Array.from({ length: 40 }, (_, document) =>
    Array.from({ length: 30 }, (_, sentence) =>
      Int32Array.from(
        { length: 3 + ((7 * sentence + document) % 9) },
        (_, i) => 10_000 * document + 100 * sentence + i,
      ),
    ),
  );
  const pairOptions = { length: 40, seed: 3 };
  const documentOf = (segment: Int32Array) => Math.floor(segment[0]! / 10_000);

  const checkPairs = (make: (number: number) => SegmentPair[]) => {
    const pairs = documents.flatMap((_, number) => make(number).map((pair) => ({ ...pair, number })));
    for (const { first, second } of pairs) {
      expect(first.length + second.length).toBeLessThanOrEqual(40);
      expect(Math.min(first.length, second.length)).toBeGreaterThan(0);
    }
    expect(make(5)).toEqual(make(5));
    return pairs;
  };

  it("next sentences: half of the seconds are of another document", () => {
    const pairs = checkPairs((number) => {
      const others = documents.filter((_, other) => other !== number);
      return nextSentencePairs(documents[number]!, number, others, pairOptions);
    });
    for (const { first, second, label, number } of pairs) {
      expect(documentOf(first)).toBe(number);
      expect(documentOf(second) === number).toBe(label === 0);
      if (label === 0) expect(second[0]).toBeGreaterThan(first.at(-1)!);
    }
    const wrong = pairs.filter(({ label }) => label === 1).length;
    expect(wrong / pairs.length).toBeGreaterThan(0.45); // a last sentence alone has a random second one
    expect(wrong / pairs.length).toBeLessThan(0.7);
  });

  it("sentence order: half of the pairs are swapped", () => {
    const pairs = checkPairs((number) => sentenceOrderPairs(documents[number]!, number, pairOptions));
    for (const { first, second, label, number } of pairs) {
      expect([documentOf(first), documentOf(second)]).toEqual([number, number]);
      expect(first[0]! < second[0]!).toBe(label === 0);
    }
    expectShare(pairs.filter(({ label }) => label === 1).length, pairs.length, 0.5);
  });
});

it("replaced tokens: a right guess is no replacement", () => {
  const masked = maskTokens(ids, 0, options);
  const sampled = masked.targets.map((target, i) => (i % 2 === 0 ? target : 5));
  const { ids: replaced, labels } = replaceBySamples(ids, masked, sampled);
  const changed = [...masked.positions].filter((_, i) => i % 2 === 1);
  expect([...labels.keys()].filter((i) => labels[i] === 1)).toEqual(changed);
  for (const place of changed) expect(replaced[place]).toBe(5);
});

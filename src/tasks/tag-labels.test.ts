import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { likeliestLegalTags } from "./choose-tags.ts";
import { mayFollow, readTagLabels } from "./tag-labels.ts";

describe("readTagLabels", () => {
  it.each([
    ["BIO", ["O", "B-PER", "I-PER", "S-BAHN"], ["O", "B PER", "I PER", "I S-BAHN"]],
    ["BIOES", ["O", "B-A", "I-A", "E-A", "S-A"], ["O", "B A", "I A", "E A", "S A"]],
    ["BILOU", ["O", "B-A", "I-A", "L-A", "U-A"], ["O", "B A", "I A", "E A", "S A"]],
    ["BIO", ["B", "I", "O"], ["B", "I", "O"]],
    ["IO", ["I-A", "O", "I-B"], ["I A", "O", "I B"]],
    ["IO", ["NOUN", "VERB", "SYM", "X"], ["I NOUN", "I VERB", "I SYM", "I X"]],
  ])("reads %s from %j", (scheme, labels, tags) => {
    const read = readTagLabels(labels);
    expect(read.scheme).toBe(scheme);
    expect(read.tags.map(({ prefix, type }) => `${prefix} ${type}`.trim())).toEqual(tags);
  });
});

/** Every sequence of `count` labels. */
function sequences(labels: number, count: number): number[][] {
  if (count === 0) return [[]];
  return sequences(labels, count - 1).flatMap((before) =>
    Array.from({ length: labels }, (_, label) => [...before, label]),
  );
}

describe("likeliestLegalTags", () => {
  const SCHEMES = {
    BIO: { names: ["O", "B-A", "I-A", "B-B", "I-B"], legal: /^(O|BA(IA)*|BB(IB)*)*$/ },
    BIOES: { names: ["O", "B-A", "I-A", "E-A", "S-A", "S-B"], legal: /^(O|BA(IA)*EA|SA|SB)*$/ },
    IO: { names: ["O", "I-A", "I-B"], legal: /^/ },
  };

  it.each(Object.keys(SCHEMES) as (keyof typeof SCHEMES)[])("is the best of all sequences that %s allows", (scheme) => {
    const { names, legal } = SCHEMES[scheme];
    const labels = readTagLabels(names);
    const row = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), {
      minLength: names.length,
      maxLength: names.length,
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (scores) => {
        const spelled = (tags: readonly number[]) =>
          tags.map((tag) => (names[tag] as string).replace("-", "")).join("");
        const product = (tags: readonly number[]) => tags.reduce((sum, tag, i) => sum + Math.log(scores[i]![tag]!), 0);
        const best = sequences(names.length, scores.length).filter((tags) => legal.test(spelled(tags)));
        const chosen = likeliestLegalTags(scores, labels);
        expect(legal.test(spelled(chosen))).toBe(true);
        expect(product(chosen)).toBeCloseTo(Math.max(...best.map(product)), 9);
      }),
      { numRuns: 60 },
    );
  });

  it("says so when there is none", () => {
    const labels = readTagLabels(["B-A", "I-A", "E-A"]);
    expect(() => likeliestLegalTags([[0.5, 0.3, 0.2]], labels)).toThrow(
      "no sequence of 1 of its labels is legal in BIOES",
    );
    expect(
      likeliestLegalTags(
        [
          [0.5, 0.3, 0.2],
          [1, 0, 0],
        ],
        labels,
      ),
    ).toEqual([0, 2]);
    expect(likeliestLegalTags([], labels)).toEqual([]);
  });

  it("closes what it opens", () => {
    const labels = readTagLabels(["O", "B-A", "I-A", "L-A", "U-A"]);
    const [outside, begin, inside, last] = labels.tags;
    expect(mayFollow(labels, begin, undefined)).toBe(false);
    expect(mayFollow(labels, last, undefined)).toBe(true);
    expect(mayFollow(labels, outside, inside)).toBe(false);
    expect(mayFollow(labels, undefined, begin)).toBe(true);
  });
});

import { expect, it } from "vitest";
import { readTagLabels } from "./tag-labels.ts";
import { type Aggregation, entitiesOf, uniteEntities } from "./tagged-entities.ts";
import type { TokenScores } from "./token-scores.ts";

/** Tokens of two characters each; every word has two. The named label of a token is nearly certain. */
function tokensOf(names: readonly string[], tags: readonly string[]): TokenScores[] {
  return tags.map((tag, i) => {
    const scores = names.map((name) => (name === tag ? 0.9 : 0.1 / (names.length - 1)));
    return { index: i, word: i >> 1, start: 2 * i, end: 2 * i + 2, scores, margin: 0 };
  });
}

function spans(names: readonly string[], tags: readonly string[], aggregation: Aggregation, constrained = false) {
  const rules = { aggregation, constrained, names, labels: readTagLabels(names), transitions: undefined };
  return entitiesOf(tokensOf(names, tags), rules).map(({ label, start, end }) => `${label} ${start}-${end}`);
}

const BIO = ["O", "B-A", "I-A", "B-B", "I-B"];
const BIOES = ["O", "B-A", "I-A", "E-A", "S-A"];

it.each([
  [BIO, "B-A I-A B-A I-B O I-B", "simple", "A 0-4, A 4-6, B 6-8, B 10-12"],
  [BIO, "B-A I-A B-A I-B O I-B", "none", "B-A 0-2, I-A 2-4, B-A 4-6, I-B 6-8, I-B 10-12"],
  [BIO, "B-A O O I-A I-A O", "first", "A 0-4, A 8-12"],
  [BIO, "B-A O O I-A I-A O", "max", "A 0-4, A 8-12"],
  [BIOES, "B-A I-A E-A S-A S-A O", "simple", "A 0-6, A 6-8, A 8-10"],
  [BIOES, "B-A B-A E-A O S-A O", "first", "A 0-8, A 8-12"],
  [["B", "I", "O"], "B I O I", "simple", " 0-4,  6-8"],
  [["NOUN", "VERB"], "NOUN NOUN VERB VERB", "simple", "NOUN 0-4, VERB 4-8"],
] as const)("%j: %s, %s", (names, tags, aggregation, expected) => {
  expect(spans(names, tags.split(" "), aggregation).join(", ")).toBe(expected);
});

it("keeps to the scheme on request", () => {
  expect(spans(BIO, ["I-A", "I-B"], "simple")).toEqual(["A 0-2", "B 2-4"]);
  expect(spans(BIO, ["I-A", "I-B"], "simple", true)).toEqual(["B 0-4"]);
});

it("unites windows: the longer of two that overlap, then the surer", () => {
  const entity = (start: number, end: number, score: number) => ({ label: "A", start, end, score });
  const windows = [
    [entity(0, 3, 0.9), entity(5, 8, 0.5), entity(10, 12, 0.6)],
    [entity(5, 9, 0.4), entity(10, 12, 0.7), entity(12, 14, 0.1)],
  ];
  expect(uniteEntities(windows)).toEqual([
    entity(0, 3, 0.9),
    entity(5, 9, 0.4),
    entity(10, 12, 0.7),
    entity(12, 14, 0.1),
  ]);
  expect(uniteEntities([[], []])).toEqual([]);
});

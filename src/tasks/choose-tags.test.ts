import { expect, test } from "vitest";
import { createRandom } from "../backends/self-check/random.ts";
import { chooseTags } from "./choose-tags.ts";
import { mayFollow, readTagLabels } from "./tag-labels.ts";

const random = createRandom(11);
const LABELS = readTagLabels(["O", "B-A", "I-A", "B-B", "I-B"]);
const COUNT = LABELS.tags.length;

function paths(places: number): number[][] {
  if (places === 0) return [[]];
  return paths(places - 1).flatMap((path) => Array.from({ length: COUNT }, (_, label) => [...path, label]));
}

function isLegal(path: readonly number[]): boolean {
  const tags = [undefined, ...path.map((label) => LABELS.tags[label]), undefined];
  return tags.slice(1).every((tag, i) => mayFollow(LABELS, tags[i], tag));
}

test.each([false, true])("of all sequences the one of the highest score is found; constrained: %s", (constrained) => {
  for (const places of [1, 2, 4]) {
    for (let round = 0; round < 20; round++) {
      const scores = Array.from({ length: places }, () => Array.from({ length: COUNT }, () => random()));
      const transitions = Array.from({ length: (COUNT + 2) * COUNT }, () => 4 * random() - 2);
      const total = (path: readonly number[]) =>
        path.reduce(
          (sum, label, t) =>
            sum + Math.log(scores[t]![label]!) + transitions[(t === 0 ? COUNT : path[t - 1]!) * COUNT + label]!,
          transitions[(COUNT + 1) * COUNT + path.at(-1)!]!,
        );
      const candidates = paths(places).filter((path) => !constrained || isLegal(path));
      const best = candidates.reduce((a, b) => (total(b) > total(a) ? b : a));
      expect(chooseTags(scores, { labels: LABELS, constrained, transitions })).toEqual(best);
    }
  }
});

test("no places have no labels", () => {
  expect(chooseTags([], { labels: LABELS, constrained: false, transitions: new Float32Array(35) })).toEqual([]);
});

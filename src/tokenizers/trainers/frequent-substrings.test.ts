import fc from "fast-check";
import { expect, it } from "vitest";
import { frequentSubstrings } from "./frequent-substrings.ts";
import { ShortTexts } from "./short-texts.ts";

function textsOf(weighted: readonly (readonly [string, number])[]): ShortTexts {
  const texts = new ShortTexts();
  for (const [text, weight] of weighted) {
    const units = Uint16Array.from(text, (unit) => unit.charCodeAt(0));
    texts.push(units, 0, units.length, weight);
  }
  return texts;
}

/** Substring to score. */
function found(weighted: readonly (readonly [string, number])[], least: number, limit = 1000): Map<string, number> {
  const texts = textsOf(weighted);
  const { starts, lengths, scores } = frequentSubstrings(texts, 6, least, limit);
  const spell = (start: number, length: number) => String.fromCharCode(...texts.units.subarray(start, start + length));
  return new Map(Array.from(starts, (start, i) => [spell(start, lengths[i]!), scores[i]!]));
}

it("finds every substring that no longer one always stands for, with its count", () => {
  const word = fc.string({ unit: fc.constantFrom(..."abc"), minLength: 1, maxLength: 9 });
  const weighted = fc.array(fc.tuple(word, fc.integer({ min: 1, max: 5 })), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(weighted, (texts) => {
      const counts = new Map<string, number>();
      for (const [text, weight] of texts) {
        for (let at = 0; at < text.length; at++) {
          for (let end = at + 2; end <= Math.min(text.length, at + 6); end++) {
            const part = text.slice(at, end);
            counts.set(part, (counts.get(part) ?? 0) + weight);
          }
        }
      }
      const isMaximal = ([part, count]: [string, number]) =>
        part.length === 6 || ![..."abc"].some((next) => counts.get(part + next) === count);
      const expected = [...counts].filter((entry) => entry[1] >= 2 && isMaximal(entry));
      const scored = expected.map(([part, count]): [string, number] => [part, count * part.length]);
      expect(new Map([...found(texts, 2)].sort())).toEqual(new Map(scored.sort()));
    }),
  );
});

it("keeps those of the highest scores", () => {
  const all = [
    ...found(
      [
        ["abab", 3],
        ["ab", 2],
        ["cd", 9],
      ],
      1,
    ).values(),
  ].sort((a, b) => b - a);
  const best = [
    ...found(
      [
        ["abab", 3],
        ["ab", 2],
        ["cd", 9],
      ],
      1,
      2,
    ).values(),
  ].sort((a, b) => b - a);
  expect(best).toEqual(all.slice(0, 2));
});

import fc from "fast-check";
import { expect, it } from "vitest";
import { PieceTrie } from "../piece-trie.ts";
import { PieceLattice } from "./piece-lattice.ts";
import { ShortTexts } from "./short-texts.ts";

const PIECES = ["a", "b", "ab", "ba", "aba", "bb"];

function latticeOf(texts: readonly string[]): PieceLattice {
  const trie = new PieceTrie();
  for (const [id, piece] of PIECES.entries()) trie.add(piece, id);
  const short = new ShortTexts();
  texts.forEach((text, i) => {
    const units = Uint16Array.from(text, (unit) => unit.charCodeAt(0));
    short.push(units, 0, units.length, i + 1);
  });
  return new PieceLattice(short, trie);
}

/** Every way to write a text. */
function ways(text: string): number[][] {
  if (text === "") return [[]];
  return PIECES.flatMap((piece, id) =>
    text.startsWith(piece) ? ways(text.slice(piece.length)).map((rest) => [id, ...rest]) : [],
  );
}

const texts = fc.array(fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 7 }), {
  minLength: 1,
  maxLength: 5,
});
const probabilities = fc
  .array(fc.double({ min: 0.05, max: 1, noNaN: true }), { minLength: PIECES.length, maxLength: PIECES.length })
  .map((values) => Float64Array.from(values));
const productOf = (way: readonly number[], values: Float64Array) =>
  way.reduce((product, id) => product * values[id]!, 1);

it("expects each piece as often as all ways together do", () => {
  fc.assert(
    fc.property(texts, probabilities, (texts, values) => {
      const expected = new Float64Array(PIECES.length);
      let likelihood = 0;
      texts.forEach((text, i) => {
        const all = ways(text).map((way) => ({ way, product: productOf(way, values) }));
        const sum = all.reduce((total, { product }) => total + product, 0);
        likelihood += (i + 1) * Math.log(sum);
        for (const { way, product } of all) for (const id of way) expected[id]! += ((i + 1) * product) / sum;
      });
      const counted = new Float64Array(PIECES.length);
      expect(latticeOf(texts).expect(values, counted)).toBeCloseTo(likelihood, 8);
      for (const [id, count] of counted.entries()) expect(count).toBeCloseTo(expected[id]!, 8);
    }),
  );
});

it("finds the best way, also without a piece and after pieces are gone", () => {
  fc.assert(
    fc.property(texts, probabilities, fc.integer({ min: 2, max: 5 }), fc.boolean(), (texts, values, barred, prunes) => {
      const lattice = latticeOf(texts);
      const without = new Int32Array(texts.length).fill(barred);
      if (prunes) lattice.renumber(Int32Array.from(PIECES, (_, id) => (id === barred ? -1 : id)));
      lattice.eachBest(
        values,
        (text, pieces, count, probability) => {
          const allowed = ways(texts[text]!).filter((way) => !way.includes(barred));
          const best = Math.max(...allowed.map((way) => productOf(way, values)));
          expect(probability).toBeCloseTo(best, 10);
          const written = Array.from(pieces.subarray(0, count), (id) => PIECES[id]!).reverse();
          expect(written.join("")).toBe(texts[text]);
        },
        prunes ? undefined : without,
      );
    }),
  );
});

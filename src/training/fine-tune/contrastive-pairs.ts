import { randomBits, seedOf } from "../../backends/random.ts";
import type { DataRow } from "../../datasets/data-row.ts";

/**
 * Pairs of labelled texts: `count` times for each text one of its own class (label "1") and one of another (label "0"), as
 * SetFit draws them. A class of one text is paired with itself. Source: Tunstall et al., arXiv 2209.11055.
 */
export function contrastivePairs(
  rows: readonly DataRow[],
  { count, seed }: { readonly count: number; readonly seed: number },
): DataRow[] {
  return rows.flatMap((row, i) => {
    const like = rows.filter(({ label }, j) => label === row.label && j !== i);
    const unlike = rows.filter(({ label }) => label !== row.label);
    const own = seedOf(seed, `pairs of row ${i}`);
    const draw = (from: readonly DataRow[], at: number) => from[randomBits(own, at) % from.length] ?? row;
    const pair = (other: DataRow, label: string): DataRow => {
      return { where: row.where, text: row.text ?? "", pair: other.text ?? "", label };
    };
    return Array.from({ length: count }, (_, k) => [
      pair(draw(like, 2 * k), "1"),
      pair(draw(unlike, 2 * k + 1), "0"),
    ]).flat();
  });
}

/** How well clusters match classes, whatever they are called. */
import { type Label, sortLabels } from "./confusion.ts";
import { checkPaired } from "./paired.ts";

/** How well clusters match classes. */
export interface ClusterScores {
  /** 1 when each cluster holds rows of one class only. */
  readonly homogeneity: number;
  /** 1 when all rows of a class lie in one cluster. */
  readonly completeness: number;
  /** The harmonic mean of the two; the same as mutual information normalized by the mean of the entropies. */
  readonly vMeasure: number;
  /** The share of pairs of rows on which both agree, 0 for chance. Source: Hubert and Arabie, "Comparing partitions", 1985. */
  readonly adjustedRand: number;
}

/**
 * Scores a clustering against classes. Source: Rosenberg and Hirschberg, "V-Measure: A conditional entropy-based external
 * cluster evaluation measure", EMNLP 2007.
 *
 * @throws InputError when the lists differ in length or are empty.
 */
export function clusterScores(gold: readonly Label[], clusters: readonly Label[]): ClusterScores {
  checkPaired(gold, clusters, "clusters");
  const table = contingency(gold, clusters);
  const rows = table.map((row) => row.reduce((sum, count) => sum + count, 0));
  const columns = table[0]!.map((_, j) => table.reduce((sum, row) => sum + row[j]!, 0));
  const total = gold.length;
  let information = 0;
  for (const [i, row] of table.entries()) {
    for (const [j, count] of row.entries()) {
      if (count > 0) information += (count / total) * Math.log((count * total) / (rows[i]! * columns[j]!));
    }
  }
  const share = (counts: readonly number[]) =>
    entropy(counts, total) === 0 ? 1 : information / entropy(counts, total);
  const [homogeneity, completeness] = [share(rows), share(columns)];
  const both = homogeneity + completeness;
  const vMeasure = both === 0 ? 0 : (2 * homogeneity * completeness) / both;
  return { homogeneity, completeness, vMeasure, adjustedRand: adjustedRand(table, rows, columns, total) };
}

function contingency(gold: readonly Label[], clusters: readonly Label[]): number[][] {
  const [rowOf, columnOf] = [gold, clusters].map((labels) => new Map(sortLabels(labels).map((each, i) => [each, i])));
  const table = Array.from({ length: rowOf!.size }, () => new Array<number>(columnOf!.size).fill(0));
  for (const [i, label] of gold.entries()) table[rowOf!.get(label)!]![columnOf!.get(clusters[i]!)!]!++;
  return table;
}

function entropy(counts: readonly number[], total: number): number {
  return counts.reduce((sum, count) => (count === 0 ? sum : sum - (count / total) * Math.log(count / total)), 0);
}

function adjustedRand(table: readonly number[][], rows: number[], columns: number[], total: number): number {
  const pairs = (counts: readonly number[]) => counts.reduce((sum, count) => sum + (count * (count - 1)) / 2, 0);
  const together = pairs(table.flat());
  const expected = total < 2 ? 0 : (pairs(rows) * pairs(columns)) / pairs([total]);
  const most = (pairs(rows) + pairs(columns)) / 2;
  return most === expected ? 1 : (together - expected) / (most - expected);
}

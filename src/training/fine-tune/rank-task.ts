import { randomBits, seedOf } from "../../backends/random.ts";
import type { DataRow } from "../../datasets/data-row.ts";
import type { Dataset } from "../../datasets/dataset.ts";
import { InputError } from "../../errors.ts";
import type { InputReader } from "../../tasks/read-input.ts";
import { type Judgement, judgeRankings, judgeRelevance, judgeScores } from "../evaluate/judge.ts";
import { binaryLoss } from "../losses/target-losses.ts";
import { type Example, groupedScores, type TuningTask } from "./tuning-task.ts";

/** A query with one passage or several, and how relevant each is, from 0 to 1. */
export interface RankExample extends Example {
  readonly targets: readonly number[];
}

/** Passages of other rows that a pair without a label is held against. */
const NEGATIVES = 4;

/**
 * A cross-encoder: binary cross-entropy of each query with each passage. Pairs with `label` 0 and 1, or with `score`; pairs
 * that belong together, against passages of other rows; triplets.
 *
 * @throws InputError when the data are no pairs.
 */
export function rankTask(
  data: Pick<Dataset, "input" | "target" | "statement" | "name">,
  rows: readonly DataRow[],
  reader: InputReader,
  { seed }: { readonly seed: number },
): TuningTask<RankExample, readonly number[]> {
  const isPaired = data.input === "pair" || data.input === "triplet";
  if (!isPaired || data.target === "labels") {
    throw new InputError(
      `${data.name} is read as ${data.statement}; to train rank takes pairs with "label" (0 and 1) or "score", pairs that belong together, or triplets.`,
    );
  }
  const most = rows.reduce((largest, { score = 0 }) => Math.max(largest, Math.abs(score)), 1);
  const passages = [...new Set(rows.map(({ pair = "" }) => pair))];
  return {
    head: "sequence",
    losses: ({ head }) => [binaryLoss("relevance", head.logits!)],
    outputs: ["logits"],
    config: { id2label: { "0": "LABEL_0" }, label2id: { LABEL_0: 0 }, problem_type: null },
    main: data.target === "score" ? "spearman" : data.target === "label" ? "average_precision" : "ndcg@10",
    isSeparable: true,
    example(row) {
      const { text = "", pair = "" } = row;
      const others = data.target === "none" ? negativesOf(row, passages, seed) : [];
      const readings = [pair, ...others].map((passage) => reader.read({ text, pair: passage }));
      return {
        texts: readings.flatMap(({ windows }) => windows),
        length: readings.reduce((sum, { length }) => sum + length, 0),
        truncated: readings.some(({ truncated }) => truncated),
        weight: readings.length,
        targets: [relevanceOf(row, most), ...others.map(() => 0)],
      };
    },
    targets: (examples, total) => {
      const relevanceTargets = Float32Array.from(examples.flatMap(({ targets }) => targets));
      return {
        extra: { relevanceTargets, relevanceWeights: new Float32Array(relevanceTargets.length).fill(1 / total) },
      };
    },
    results: ({ logits }, examples) => groupedScores(logits!, examples),
    judge: (examples, scores) => judgeRelevances(data.target, examples, scores),
  };
}

/** The row's own negative, or passages of other rows, the same in every run of a seed. */
function negativesOf({ text = "", pair = "", negative }: DataRow, passages: readonly string[], seed: number): string[] {
  if (negative !== undefined) return [negative];
  const own = seedOf(seed, text);
  const drawn = Array.from({ length: 2 * NEGATIVES }, (_, i) => passages[randomBits(own, i) % passages.length]!);
  return [...new Set(drawn)].filter((passage) => passage !== pair).slice(0, NEGATIVES);
}

function relevanceOf({ label, score, where }: DataRow, most: number): number {
  if (score !== undefined) return Math.max(0, score / most);
  if (label === undefined || label === "0" || label === "1") return Number(label ?? 1);
  throw new InputError(`${where}: label is "${label}"; expected 1 for a passage that answers, else 0.`);
}

function judgeRelevances(
  target: string,
  examples: readonly RankExample[],
  scores: readonly (readonly number[])[],
): Judgement {
  const gold = examples.map(({ targets }) => targets[0]!);
  const first = scores.map(([score]) => score!);
  if (target === "score") return judgeScores(gold, first, { sameScale: false });
  if (target === "label") {
    return judgeRelevance(
      gold.map((each) => each === 1),
      first,
    );
  }
  const rankings = scores.map((own) =>
    own
      .map((_, i) => i)
      .sort((a, b) => own[b]! - own[a]! || b - a)
      .map(String),
  );
  return judgeRankings(
    rankings,
    rankings.map(() => new Map([["0", 1]])),
    [10],
  );
}

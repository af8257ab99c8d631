import { randomBits, seedOf } from "../../backends/random.ts";
import { type DataRow, negativesOf } from "../../datasets/data-row.ts";
import { InputError } from "../../errors.ts";
import type { InputReader } from "../../tasks/read-input.ts";
import { type Judgement, judgeRankings, judgeRelevance, judgeScores } from "../evaluate/judge.ts";
import { groupLoss, groupMembers } from "../losses/group-losses.ts";
import { binaryLoss } from "../losses/target-losses.ts";
import { RANKING_LOSSES } from "./fine-tune-options.ts";
import type { FullRecipe } from "./recipe.ts";
import type { Split, Splits } from "./training-data.ts";
import { type Example, groupedScores, type Targets, type TuningTask } from "./tuning-task.ts";

/** A query with one passage or several, and how relevant each is, from 0 to 1. */
export interface RankExample extends Example {
  readonly targets: readonly number[];
}

/** Passages of other rows that a pair without a label is held against. */
const NEGATIVES = 4;

/**
 * A cross-encoder. Pairs with `label` 0 and 1, or with `score`; pairs that belong together, against passages of other rows;
 * triplets. `binary`: binary cross-entropy of each query with each passage; `listwise`: softmax cross-entropy of a query's
 * passages against their shares of its relevance (ListNet, Cao et al., ICML 2007).
 *
 * @throws InputError when the data are no pairs.
 */
export function rankTask(
  { train, dev }: Pick<Splits, "train" | "dev">,
  reader: InputReader,
  recipe: Pick<FullRecipe, "seed" | "loss">,
): TuningTask<RankExample, readonly number[]> {
  const { rows, target } = train;
  const isListwise = checkData(train, recipe.loss) === "listwise";
  const most = rows.reduce((largest, { score = 0 }) => Math.max(largest, Math.abs(score)), 1);
  const passages = [...new Set(rows.map(({ pair = "" }) => pair))];
  const relevance = (row: DataRow) => relevanceOf(row, most);
  const gather = (given: readonly DataRow[]) =>
    isListwise && target !== "none" ? groupByQuery(given, relevance) : given;
  const candidatesOf = (row: DataRow) => passagesOf(row, target === "none" ? passages : [], recipe.seed);
  const size = gather(rows).reduce((largest, row) => Math.max(largest, candidatesOf(row).length), 1);
  return {
    head: "sequence",
    losses: ({ head }) =>
      isListwise ? [groupLoss("relevance", head.logits!, size)] : [binaryLoss("relevance", head.logits!)],
    outputs: ["logits"],
    config: { id2label: { "0": "LABEL_0" }, label2id: { LABEL_0: 0 }, problem_type: null },
    main: dev?.judgements === undefined ? mainOf(target, isListwise) : "ndcg@10",
    isSeparable: true,
    arrange: gather,
    example(row) {
      const { text = "" } = row;
      const own = candidatesOf(row);
      const readings = own.map((pair) => reader.read({ text, pair }));
      const targets = row.choices === undefined ? [relevance(row), ...own.slice(1).map(() => 0)] : (row.scores ?? []);
      return {
        texts: readings.flatMap(({ windows }) => windows),
        length: readings.reduce((sum, { length }) => sum + length, 0),
        truncated: readings.some(({ truncated }) => truncated),
        weight: isListwise ? Number(sum(targets) > 0) : readings.length,
        targets,
      };
    },
    targets: (examples, total) =>
      isListwise
        ? { groups: examples.length, extra: listwiseInputs(examples, total, size) }
        : { extra: binaryInputs(examples, total) },
    results: ({ logits }, examples) => groupedScores(logits!, examples),
    judge: (examples, scores, judged) =>
      dev?.judgements === undefined
        ? judgeRelevances(isListwise ? "none" : target, examples, scores)
        : judgeCandidates(dev, judged, scores),
  };
}

function mainOf(target: Split["target"], isListwise: boolean): string {
  if (isListwise || target === "none") return "ndcg@10";
  return target === "score" ? "spearman" : "average_precision";
}

function checkData({ input, target, name, statement }: Split, asked: FullRecipe["loss"]): string {
  const isPaired = input === "pair" || input === "triplet";
  if (!isPaired || target === "labels" || target === "scores") {
    throw new InputError(
      `${name} is read as ${statement}; to train rank takes pairs with "label" (0 and 1) or "score", pairs that belong together, or triplets.`,
    );
  }
  const loss = RANKING_LOSSES.find((known) => known === (asked ?? "binary"));
  if (loss !== undefined) return loss;
  throw new InputError(
    `loss is "${asked}"; for rank there is ${RANKING_LOSSES.map((known) => `"${known}"`).join(", ")}.`,
  );
}

/** One row a query, with all passages that are judged for it. */
function groupByQuery(rows: readonly DataRow[], relevance: (row: DataRow) => number): DataRow[] {
  const groups = new Map<string, DataRow[]>();
  for (const row of rows) groups.set(row.text!, [...(groups.get(row.text!) ?? []), row]);
  return [...groups].map(([text, own]) => {
    const choices = own.map(({ pair = "" }) => pair);
    return { where: own[0]!.where, text, choices, scores: own.map(relevance) };
  });
}

/** A query's candidates; or its own passage and negatives; or that and passages of other rows, the same for a seed. */
function passagesOf(row: DataRow, passages: readonly string[], seed: number): readonly string[] {
  const { text = "", pair = "", negative, negatives, choices } = row;
  if (choices !== undefined) return choices;
  const isTriplet = negative !== undefined || negatives !== undefined;
  if (isTriplet || passages.length === 0) return [pair, ...negativesOf(row)];
  const own = seedOf(seed, text);
  const drawn = Array.from({ length: 2 * NEGATIVES }, (_, i) => passages[randomBits(own, i) % passages.length]!);
  return [pair, ...[...new Set(drawn)].filter((passage) => passage !== pair).slice(0, NEGATIVES)];
}

function relevanceOf({ label, score, where }: DataRow, most: number): number {
  if (score !== undefined) return Math.max(0, score / most);
  if (label === undefined || label === "0" || label === "1") return Number(label ?? 1);
  throw new InputError(`${where}: label is "${label}"; expected 1 for a passage that answers, else 0.`);
}

function binaryInputs(examples: readonly RankExample[], total: number): Targets {
  const relevanceTargets = Float32Array.from(examples.flatMap(({ targets }) => targets));
  return { relevanceTargets, relevanceWeights: new Float32Array(relevanceTargets.length).fill(1 / total) };
}

function listwiseInputs(examples: readonly RankExample[], total: number, size: number): Targets {
  const relevanceTargets = new Float32Array(examples.length * size);
  for (const [i, { targets }] of examples.entries()) {
    const all = sum(targets) || 1;
    relevanceTargets.set(
      targets.map((target) => target / all),
      i * size,
    );
  }
  const counts = examples.map(({ texts }) => texts.length);
  const relevanceWeights = Float32Array.from(examples, ({ weight }) => weight / total);
  return { relevanceTargets, relevanceWeights, ...groupMembers(counts, size) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
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
  return judgeRankings(
    scores.map((own) => places(own).map(String)),
    examples.map(({ targets }) => new Map(targets.map((gain, k) => [String(k), gain]))),
    [10],
  );
}

/** Of a collection: the candidates of each query in the model's order. */
function judgeCandidates(dev: Split, rows: readonly DataRow[], scores: readonly (readonly number[])[]): Judgement {
  const ids = new Map([...dev.documents!].map(([id, text]) => [text, id]));
  const rankings = rows.map(({ choices = [] }, i) => places(scores[i]!).map((at) => ids.get(choices[at]!)!));
  return judgeRankings(
    rankings,
    rows.map(({ id = "" }) => dev.judgements!.get(id)!),
    [10],
  );
}

/** Numbers of the passages, the best first; of equal ones the later first, so that nothing gains by standing first. */
function places(scores: readonly number[]): number[] {
  return [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || b - a);
}

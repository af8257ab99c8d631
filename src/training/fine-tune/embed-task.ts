import type { RunOutputs } from "../../backends/backend.ts";
import type { DataRow } from "../../datasets/data-row.ts";
import type { Dataset } from "../../datasets/dataset.ts";
import { slice } from "../../engine/ops/columns.ts";
import { columnsOf } from "../../engine/shape.ts";
import { InputError } from "../../errors.ts";
import type { PackedBatch } from "../../models/packed-batch.ts";
import { openSentenceTail, POOLING_MASK } from "../../models/sentence-tail.ts";
import { resolvePrompt } from "../../tasks/prompts.ts";
import { InputReader } from "../../tasks/read-input.ts";
import { SIMILARITY_FUNCTIONS } from "../../tasks/similarity.ts";
import { type Judgement, judgeRankings, judgeRelevance, judgeScores } from "../evaluate/judge.ts";
import {
  contrastiveLoss,
  cosentLoss,
  cosineLoss,
  type EmbeddingRowLoss,
  LEFT_OUT,
  rankingLoss,
  tripletLoss,
} from "../losses/embedding-losses.ts";
import type { EmbeddingLoss } from "./fine-tune-options.ts";
import type { FullRecipe } from "./recipe.ts";
import type { StartingPoint } from "./starting-point.ts";
import type { Example, Targets, TuningTask } from "./tuning-task.ts";

/** Two or three texts, and how alike the first two are. */
export interface EmbedExample extends Example {
  readonly gold: number;
  /** The texts themselves: the same text twice in a step is no negative. */
  readonly keys: readonly string[];
}

/** What each loss needs of the data. */
const NEEDS: { readonly [L in EmbeddingLoss]: (data: Pick<Dataset, "input" | "target">) => boolean } = {
  ranking: ({ input, target }) => (input === "pair" || input === "triplet") && target === "none",
  triplet: ({ input }) => input === "triplet",
  cosent: ({ input, target }) => input === "pair" && (target === "score" || target === "label"),
  cosine: ({ input, target }) => input === "pair" && (target === "score" || target === "label"),
  contrastive: ({ input, target }) => input === "pair" && target === "label",
};

/** Names of a step's terms: one for all numbers, one for each shorter length. */
const TERM = "embedding";

/**
 * Pairs, triplets or scored pairs: embeddings of like texts come together.
 *
 * @throws InputError when the loss is not for such data, or a length is none of the model's.
 */
export function embedTask(
  data: Pick<Dataset, "input" | "target" | "statement" | "name">,
  rows: readonly DataRow[],
  start: StartingPoint,
  recipe: FullRecipe,
): TuningTask<EmbedExample, readonly Float32Array[]> {
  const loss = chooseLoss(data, recipe.loss);
  const { layout } = start.location;
  const { tail, tensors } = openSentenceTail(layout?.modules);
  const count = recipe.batchSize;
  const perRow = data.input === "triplet" ? 2 : 1;
  const names = [TERM, ...(recipe.dimensions ?? []).map((size) => `${TERM}${size}`)];
  const goldOf = scaledGold(rows);
  const readers = readersOf(start, loss);
  return {
    head: "base",
    tail,
    tailTensor: tensors,
    losses({ outputs }) {
      const all = outputs.embedding!;
      const cut = (recipe.dimensions ?? []).map((size) => slice(all, 0, checkSize(size, columnsOf(all))));
      const build = lossOf(loss, recipe, perRow);
      return [all, ...cut].map((embeddings, i) => ({ name: names[i]!, rows: build(embeddings) }));
    },
    outputs: ["embedding"],
    config: {},
    main: data.target === "none" ? "ndcg@10" : data.target === "score" ? "spearman" : "average_precision",
    isSeparable: false,
    inputs: ({ ids }) => ({ [POOLING_MASK]: new Float32Array(ids.length).fill(1) }),
    example(row) {
      const keys = [row.text!, row.pair!, ...(row.negative === undefined ? [] : [row.negative])];
      const readings = keys.map((text, i) => readers[i === 0 ? 0 : 1].read(text));
      return {
        texts: readings.flatMap(({ windows }) => windows),
        length: readings.reduce((sum, { length }) => sum + length, 0),
        truncated: readings.some(({ truncated }) => truncated),
        weight: 1,
        gold: goldOf(row),
        keys,
      };
    },
    targets: (examples) => ({ extra: stepInputs(examples, { loss, names, count, perRow }) }),
    results: ({ embedding }: RunOutputs, examples, { offsets }: PackedBatch) => {
      const size = embedding!.length / (offsets.length - 1);
      let next = 0;
      return examples.map(({ texts }) => {
        next += texts.length;
        return texts.map((_, k) => {
          const at = (next - texts.length + k) * size;
          return embedding!.slice(at, at + size);
        });
      });
    },
    judge: (examples, vectors) => judgeVectors(data.target, examples, vectors),
  };
}

function chooseLoss(data: Parameters<typeof embedTask>[0], asked: EmbeddingLoss | null): EmbeddingLoss {
  const byTarget: { readonly [target: string]: EmbeddingLoss } = { score: "cosent", label: "contrastive" };
  const loss = asked ?? byTarget[data.target] ?? "ranking";
  if (NEEDS[loss](data)) return loss;
  const fit = Object.entries(NEEDS).flatMap(([name, fits]) => (fits(data) ? [`"${name}"`] : []));
  const known = fit.length === 0 ? "no loss of embeddings; expected pairs or triplets" : fit.join(", ");
  throw new InputError(`${data.name} is read as ${data.statement}, for which there is ${known}; loss is "${loss}".`);
}

function lossOf(loss: EmbeddingLoss, recipe: FullRecipe, perRow: number): EmbeddingRowLoss {
  const { batchSize: rows, scale, margin, symmetric } = recipe;
  switch (loss) {
    case "ranking":
      return rankingLoss(rows, rows * perRow, { scale, symmetric });
    case "cosent":
      return cosentLoss(rows, { scale });
    case "cosine":
      return cosineLoss(rows);
    case "triplet":
      return tripletLoss(rows, { margin });
    case "contrastive":
      return contrastiveLoss(rows, { margin });
  }
}

function checkSize(size: number, most: number): number {
  if (Number.isInteger(size) && size >= 1 && size < most) return size;
  throw new InputError(
    `dimensions holds ${size}; this model's embeddings have ${most}: pass integers from 1 to ${most - 1}.`,
  );
}

/** Questions and what answers them have prompts of their own, where the checkpoint has any; alike texts do not. */
function readersOf({ tokenizer, maxLength, location: { layout } }: StartingPoint, loss: EmbeddingLoss) {
  const model = { tokenizer, maxLength, layout };
  const prompts = { prompts: layout?.prompts ?? new Map<string, string>(), defaultPrompt: layout?.defaultPrompt };
  const isSearch = loss === "ranking" || loss === "triplet";
  const reader = (name: "query" | "document") =>
    new InputReader(model, { truncation: "truncate", prompt: resolvePrompt(prompts, isSearch ? name : undefined) });
  return [reader("query"), reader("document")] as const;
}

/** Scores as shares of the highest, labels as 0 and 1. */
function scaledGold(rows: readonly DataRow[]): (row: DataRow) => number {
  const most = rows.reduce((largest, { score = 0 }) => Math.max(largest, Math.abs(score)), 0);
  return ({ score, label, where }) => {
    if (score !== undefined) return most > 1 ? score / most : score;
    if (label === undefined || label === "0" || label === "1") return Number(label ?? 1);
    throw new InputError(`${where}: label is "${label}"; expected 1 for texts that are alike, else 0.`);
  };
}

interface StepShape {
  readonly loss: EmbeddingLoss;
  readonly names: readonly string[];
  /** Rows of a full step. */
  readonly count: number;
  /** Candidates of each row. */
  readonly perRow: number;
}

/** Which text of the batch is what; a step of fewer rows is filled up with rows that weigh nothing. */
function stepInputs(examples: readonly EmbedExample[], { loss, names, count, perRow }: StepShape): Targets {
  const width = perRow + 1;
  const index = (offset: number) =>
    Int32Array.from({ length: count }, (_, i) => (i < examples.length ? i * width + offset : 0));
  const candidates = new Int32Array(count * perRow);
  for (let k = 0; k < perRow; k++) candidates.set(index(1 + k), k * count);
  const keyOf = (candidate: number) => examples[candidate % count]?.keys[1 + Math.floor(candidate / count)];
  const isOneTerm = loss === "cosent";
  const weight = 1 / (isOneTerm ? 1 : examples.length);
  const weights = Float32Array.from({ length: isOneTerm ? 1 : count }, (_, i) => (i < examples.length ? weight : 0));
  return {
    anchors: index(0),
    positives: index(1),
    negatives: index(width - 1),
    candidates,
    rightCandidates: Int32Array.from({ length: count }, (_, i) => i),
    gold: Float32Array.from({ length: count }, (_, i) => examples[i]?.gold ?? 0),
    candidateBias: biasOf(
      count,
      count * perRow,
      (i, j) => isNegative(examples[i], examples[j % count], keyOf(j)) || (i === j && i < examples.length),
    ),
    anchorBias: biasOf(count, count, (i, j) => i === j || isNegative(examples[i], examples[j], examples[j]?.keys[1])),
    orderBias: biasOf(
      count,
      count,
      (i, j) => (examples[i]?.gold ?? 0) < (examples[j]?.gold ?? 0) && i < examples.length && j < examples.length,
    ),
    lastClasses: new Int32Array(count).fill(count),
    lastClass: Int32Array.of(count),
    ...Object.fromEntries(names.map((name) => [`${name}Weights`, weights])),
  };
}

/** Whether a text is another row's, and not what this row's anchor wants or is. */
function isNegative(row: EmbedExample | undefined, other: EmbedExample | undefined, text: string | undefined): boolean {
  if (row === undefined || other === undefined || text === undefined) return false;
  if (text === row.keys[1] || text === row.keys[0]) return false;
  return other.keys[0] !== row.keys[0] || text === row.keys[2];
}

function biasOf(rows: number, columns: number, counts: (row: number, column: number) => boolean): Float32Array {
  return Float32Array.from({ length: rows * columns }, (_, at) =>
    counts(Math.floor(at / columns), at % columns) ? 0 : LEFT_OUT,
  );
}

/** Likeness against scores or labels; of pairs alone, each anchor against the second texts of all rows. */
function judgeVectors(
  target: string,
  examples: readonly EmbedExample[],
  vectors: readonly (readonly Float32Array[])[],
): Judgement {
  const cosine = (a: Float32Array, b: Float32Array) => SIMILARITY_FUNCTIONS.cosine(a, b);
  const gold = examples.map((example) => example.gold);
  const alike = () => vectors.map(([a, b]) => cosine(a!, b!));
  if (target === "score") return judgeScores(gold, alike(), { sameScale: false });
  if (target === "label") {
    return judgeRelevance(
      gold.map((each) => each === 1),
      alike(),
    );
  }
  const texts = new Map(
    examples.flatMap(({ keys }, i) => keys.slice(1).map((key, k) => [key, vectors[i]![k + 1]!] as const)),
  );
  const wanted = new Map<string, Map<string, number>>();
  for (const { keys } of examples) wanted.set(keys[0]!, (wanted.get(keys[0]!) ?? new Map()).set(keys[1]!, 1));
  const anchors = new Map(examples.map(({ keys }, i) => [keys[0]!, vectors[i]![0]!]));
  const rankings = [...anchors.values()].map((anchor) => {
    const scored = [...texts].map(([key, vector]) => [key, cosine(anchor, vector)] as const);
    return scored.sort((a, b) => b[1] - a[1]).map(([key]) => key);
  });
  return judgeRankings(
    rankings,
    [...anchors.keys()].map((key) => wanted.get(key)!),
    [10],
  );
}

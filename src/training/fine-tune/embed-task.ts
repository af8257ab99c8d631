import type { RunOutputs } from "../../backends/backend.ts";
import { type DataRow, negativesOf } from "../../datasets/data-row.ts";
import type { Value } from "../../engine/graph.ts";
import { slice } from "../../engine/ops/columns.ts";
import { columnsOf } from "../../engine/shape.ts";
import { InputError } from "../../errors.ts";
import type { PackedBatch } from "../../models/packed-batch.ts";
import { openSentenceTail, POOLING_MASK } from "../../models/sentence-tail.ts";
import { resolvePrompt } from "../../tasks/prompts.ts";
import { InputReader } from "../../tasks/read-input.ts";
import { divergenceLoss, marginLoss } from "../losses/distillation-losses.ts";
import {
  angleLoss,
  contrastiveLoss,
  cosentLoss,
  cosineLoss,
  type EmbeddingRowLoss,
  rankingLoss,
  tripletLoss,
} from "../losses/embedding-losses.ts";
import type { LossTerm } from "../losses/loss-term.ts";
import { cacheLoss } from "./cached-step.ts";
import { type EmbedExample, stepInputs } from "./embed-step.ts";
import type { EmbeddingLoss } from "./fine-tune-options.ts";
import { judgeCollection, judgeVectors } from "./judge-vectors.ts";
import type { FullRecipe } from "./recipe.ts";
import type { StartingPoint } from "./starting-point.ts";
import type { Split, Splits } from "./training-data.ts";
import type { TuningTask } from "./tuning-task.ts";

type Kind = Pick<Split, "input" | "target">;

const isScored = ({ input, target }: Kind) => input === "pair" && (target === "score" || target === "label");
const isTaught = ({ input, target }: Kind) => input === "triplet" && target === "scores";

/** What each loss needs of the data. */
const NEEDS: { readonly [L in EmbeddingLoss]: (data: Kind) => boolean } = {
  ranking: ({ input, target }) => (input === "pair" && target === "none") || input === "triplet",
  triplet: ({ input }) => input === "triplet",
  cosent: isScored,
  angle: isScored,
  cosine: isScored,
  contrastive: ({ input, target }) => input === "pair" && target === "label",
  "margin-mse": isTaught,
  divergence: isTaught,
};

/** Names of a step's terms: one for all numbers, one for each shorter length. */
const TERM = "embedding";

/**
 * Pairs, triplets or scored pairs: embeddings of like texts come together.
 *
 * @throws InputError when the loss is not for such data, or a length is none of the model's.
 */
export function embedTask(
  { train, dev }: Pick<Splits, "train" | "dev">,
  start: StartingPoint,
  recipe: FullRecipe,
): TuningTask<EmbedExample, readonly Float32Array[]> {
  const { rows, target } = train;
  const loss = chooseLoss(train, recipe.loss);
  const { tail, tensors } = openSentenceTail(start.location.layout?.modules);
  const { batchSize: count, dimensions } = recipe;
  const perRow = rows.reduce((most, row) => Math.max(most, othersOf(row).length), 1);
  const names = [TERM, ...(dimensions ?? []).map((size) => `${TERM}${size}`)];
  const shape = { loss, names, count, perRow, belonging: belongingOf(rows) };
  const whole = (all: Value): LossTerm[] => {
    const cut = (dimensions ?? []).map((size) => slice(all, 0, checkSize(size, columnsOf(all))));
    const build = lossOf(loss, recipe, perRow);
    return [all, ...cut].map((embeddings, i) => ({ name: names[i]!, rows: build(embeddings) }));
  };
  const isCached = recipe.miniBatchSize !== null;
  return {
    head: "base",
    tail,
    tailTensor: tensors,
    losses: ({ outputs }) => (isCached ? [cacheLoss(outputs.embedding!)] : whole(outputs.embedding!)),
    ...(isCached ? { cached: { output: "embedding", losses: whole, rows: recipe.miniBatchSize! } } : {}),
    outputs: ["embedding"],
    config: {},
    main: dev?.judgements !== undefined ? "ndcg@10" : mainOf(target),
    isSeparable: false,
    inputs: ({ ids }) => ({ [POOLING_MASK]: new Float32Array(ids.length).fill(1) }),
    example: exampleReader(start, loss, scaledGold(rows)),
    targets: (examples) => ({ extra: stepInputs(examples, shape) }),
    results: vectorsOf,
    judge: (examples, vectors, judged) =>
      dev?.judgements === undefined
        ? judgeVectors(target, examples, vectors)
        : judgeCollection(judged, vectors, dev.judgements),
  };
}

function mainOf(target: Split["target"]): string {
  return target === "score" ? "spearman" : target === "label" ? "average_precision" : "ndcg@10";
}

function chooseLoss(data: Split, asked: FullRecipe["loss"]): EmbeddingLoss {
  const byTarget: { readonly [target: string]: EmbeddingLoss } = {
    score: "cosent",
    label: "contrastive",
    scores: "margin-mse",
  };
  const loss = asked ?? byTarget[data.target] ?? "ranking";
  if (Object.hasOwn(NEEDS, loss) && NEEDS[loss as EmbeddingLoss](data)) return loss as EmbeddingLoss;
  const fit = Object.entries(NEEDS).flatMap(([name, fits]) => (fits(data) ? [`"${name}"`] : []));
  const known = fit.length === 0 ? "no loss of embeddings; expected pairs or triplets" : fit.join(", ");
  throw new InputError(`${data.name} is read as ${data.statement}, for which there is ${known}; loss is "${loss}".`);
}

function lossOf(loss: EmbeddingLoss, recipe: FullRecipe, texts: number): EmbeddingRowLoss {
  const { batchSize: rows, scale, margin, symmetric } = recipe;
  switch (loss) {
    case "ranking":
      return rankingLoss(rows, rows * texts, { scale, symmetric });
    case "cosent":
      return cosentLoss(rows, { scale });
    case "angle":
      return angleLoss(rows, { scale });
    case "cosine":
      return cosineLoss(rows);
    case "triplet":
      return tripletLoss(rows, { margin });
    case "contrastive":
      return contrastiveLoss(rows, { margin });
    case "margin-mse":
      return marginLoss({ rows, texts, scale });
    case "divergence":
      return divergenceLoss({ rows, texts, scale });
  }
}

function checkSize(size: number, most: number): number {
  if (Number.isInteger(size) && size >= 1 && size < most) return size;
  throw new InputError(
    `dimensions holds ${size}; this model's embeddings have ${most}: pass integers from 1 to ${most - 1}.`,
  );
}

/** What belongs to a row's first text, then what does not. */
function othersOf(row: DataRow): readonly string[] {
  return [...(row.pair === undefined ? [] : [row.pair]), ...negativesOf(row)];
}

function belongingOf(rows: readonly DataRow[]): Map<string, Set<string>> {
  const belonging = new Map<string, Set<string>>();
  for (const { text = "", pair = "" } of rows) belonging.set(text, (belonging.get(text) ?? new Set()).add(pair));
  return belonging;
}

/** Questions and what answers them have prompts of their own, where the checkpoint has any; alike texts do not. */
function exampleReader(
  { tokenizer, maxLength, location: { layout } }: StartingPoint,
  loss: EmbeddingLoss,
  goldOf: (row: DataRow) => number,
) {
  const model = { tokenizer, maxLength, layout };
  const prompts = { prompts: layout?.prompts ?? new Map<string, string>(), defaultPrompt: layout?.defaultPrompt };
  const isSearch = !["cosent", "angle", "cosine", "contrastive"].includes(loss);
  const reader = (name: "query" | "document") =>
    new InputReader(model, { truncation: "truncate", prompt: resolvePrompt(prompts, isSearch ? name : undefined) });
  const [first, second] = [reader("query"), reader("document")];
  return (row: DataRow): EmbedExample => {
    const { text, scores = [], where } = row;
    const others = othersOf(row);
    if (scores.length > 0 && scores.length !== others.length) {
      throw new InputError(
        `${where} has ${scores.length} scores; expected ${others.length}: of what belongs to the first text, then of each negative.`,
      );
    }
    const readings = [...(text === undefined ? [] : [first.read(text)]), ...others.map((other) => second.read(other))];
    return {
      texts: readings.flatMap(({ windows }) => windows),
      length: readings.reduce((sum, { length }) => sum + length, 0),
      truncated: readings.some(({ truncated }) => truncated),
      weight: 1,
      gold: goldOf(row),
      scores,
      keys: [...(text === undefined ? [] : [text]), ...others],
    };
  };
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

/** The embeddings of each example's texts. */
function vectorsOf({ embedding }: RunOutputs, examples: readonly EmbedExample[], { offsets }: PackedBatch) {
  const size = embedding!.length / (offsets.length - 1);
  let next = 0;
  return examples.map(({ texts }) => {
    next += texts.length;
    return texts.map((_, k) => {
      const at = (next - texts.length + k) * size;
      return embedding!.slice(at, at + size);
    });
  });
}

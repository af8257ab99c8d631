import type { DataRow } from "../../datasets/data-row.ts";
import { InputError } from "../../errors.ts";
import { Embedder } from "../../tasks/embedder.ts";
import type { LoadOptions } from "../../tasks/load-options.ts";
import { retrieve } from "../evaluate/judge-retrieval.ts";
import type { FineTuneOptions } from "./fine-tune-options.ts";
import { mineNegatives } from "./mine-negatives.ts";
import type { FullRecipe } from "./recipe.ts";
import { teacherScores } from "./teacher-scores.ts";
import type { Split, Splits } from "./training-data.ts";

/** Adds to pairs what models find before training begins: hard negatives, and a teacher's scores. */
export async function preparePairs(data: Splits, recipe: FullRecipe, options: FineTuneOptions): Promise<Splits> {
  const { mineNegatives: count, teacher } = recipe;
  const dev = data.task === "rank" && data.dev?.judgements !== undefined ? await findCandidates(data.dev, recipe, options) : data.dev; // biome-ignore format: one
  if (count === 0 && teacher === null) return { ...data, dev };
  if (data.task !== "embed" && (data.task !== "rank" || teacher !== null)) {
    throw new InputError(
      `${count > 0 ? "mineNegatives" : "teacher"} is for ${count > 0 ? "embed and rank" : "embed"}; task is "${data.task}".`,
    );
  }
  const { backend, maxLength, signal, onProgress, onNote } = options;
  const load = { backend, signal, onProgress };
  let train = data.train;
  if (count > 0) {
    const miner = data.task === "embed" ? options.model : (recipe.retriever ?? undefined);
    const rows = await mine(train, recipe, miner, {
      ...load,
      maxLength: data.task === "embed" ? maxLength : undefined,
    });
    const found = rows.reduce((sum, { negatives = [] }) => sum + negatives.length, 0);
    onNote?.(`${found} negatives were mined for ${rows.length} rows`);
    train = { ...train, rows, input: "triplet" };
  }
  if (teacher === null) return { ...data, train, dev };
  if (train.target !== "none") {
    throw new InputError(`${train.name} is read as ${train.statement}; a teacher scores triplets without scores.`);
  }
  const withNegatives = train.rows.filter(hasNegative);
  const left = train.rows.length - withNegatives.length;
  if (left > 0) onNote?.(`${left} rows without a negative were left out`);
  const rows = await teacherScores(withNegatives, teacher, { ...load, scale: recipe.scale });
  return { ...data, dev, train: { ...train, rows, target: "scores" } };
}

function hasNegative({ negative, negatives = [] }: DataRow): boolean {
  return negative !== undefined || negatives.length > 0;
}

async function mine(
  train: Split,
  recipe: FullRecipe,
  model: string | undefined,
  load: LoadOptions,
): Promise<DataRow[]> {
  const { mineMargin, mineRelativeMargin } = recipe;
  if (mineMargin > 0 && mineRelativeMargin > 0) {
    throw new InputError("Both mineMargin and mineRelativeMargin are given; pass one of them.");
  }
  const rules = {
    count: recipe.mineNegatives,
    skip: recipe.mineSkip,
    within: recipe.mineWithin,
    margin: mineMargin > 0 ? mineMargin : mineRelativeMargin,
    isRelative: mineRelativeMargin > 0,
    sampling: recipe.mineSampling,
    seed: recipe.seed,
  };
  const embedder = await Embedder.load(model, load);
  try {
    return await mineNegatives(train, embedder, rules, load);
  } finally {
    await embedder.dispose();
  }
}

/** The documents that a retriever finds for each query, which a cross-encoder is to bring into order. */
async function findCandidates(
  dev: Split,
  { retriever, candidates }: FullRecipe,
  options: FineTuneOptions,
): Promise<Split> {
  const { backend, signal, onProgress } = options;
  const load = { backend, signal, onProgress };
  const embedder = await Embedder.load(retriever ?? undefined, load);
  try {
    const queries = dev.rows.filter(({ text }) => text !== undefined);
    const documents = [...dev.documents!].map(([id, text]) => ({ id, text }));
    const found = await retrieve(embedder, queries.map(({ id = "", text = "" }) => ({ id, text })), documents, candidates, load); // biome-ignore format: one
    const rows = queries.map((row, i) => ({ ...row, choices: found[i]!.map(({ text }) => text) }));
    return { ...dev, rows };
  } finally {
    await embedder.dispose();
  }
}

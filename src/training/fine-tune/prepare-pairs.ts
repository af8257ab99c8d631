import { type DataRow, negativesOf } from "../../datasets/data-row.ts";
import { InputError } from "../../errors.ts";
import { Embedder } from "../../tasks/embedder.ts";
import type { LoadOptions } from "../../tasks/load-options.ts";
import { retrieve } from "../evaluate/judge-retrieval.ts";
import type { FineTuneOptions } from "./fine-tune-options.ts";
import { mineNegatives } from "./mine-negatives.ts";
import type { FullRecipe } from "./recipe.ts";
import { teacherScores } from "./teacher-scores.ts";
import type { Split, Splits } from "./training-data.ts";

/** What opening and asking a model takes. */
type Call = Pick<LoadOptions, "backend" | "signal" | "onProgress">;

/** Adds to pairs what models find before training begins: hard negatives, and a teacher's scores. */
export async function preparePairs(data: Splits, recipe: FullRecipe, options: FineTuneOptions): Promise<Splits> {
  const { mineNegatives: count, teacher } = recipe;
  const isRank = data.task === "rank";
  const call = { backend: options.backend, signal: options.signal, onProgress: options.onProgress };
  const hasCandidates = isRank && data.dev?.judgements !== undefined;
  const dev = hasCandidates ? await findCandidates(data.dev!, recipe, call) : data.dev;
  if (count === 0 && teacher === null) return { ...data, dev };
  if (data.task !== "embed" && (!isRank || teacher !== null)) {
    throw new InputError(
      `${count > 0 ? "mineNegatives" : "teacher"} is for ${count > 0 ? "embed and rank" : "embed"}; task is "${data.task}".`,
    );
  }
  const mined = count > 0 ? await withNegatives(data, recipe, options, call) : data.train;
  const train = teacher === null ? mined : await withScores(mined, { teacher, scale: recipe.scale }, options, call);
  return { ...data, dev, train };
}

async function withNegatives(
  { task, train }: Splits,
  recipe: FullRecipe,
  { model, maxLength, onNote }: FineTuneOptions,
  call: Call,
): Promise<Split> {
  const isEmbed = task === "embed";
  const miner = isEmbed ? model : (recipe.retriever ?? undefined);
  const rows = await mine(train, recipe, miner, { ...call, maxLength: isEmbed ? maxLength : undefined });
  const found = rows.reduce((sum, { negatives = [] }) => sum + negatives.length, 0);
  onNote?.(`${found} negatives were mined for ${rows.length} rows`);
  return { ...train, rows, input: "triplet" };
}

async function withScores(
  train: Split,
  { teacher, scale }: { readonly teacher: string; readonly scale: number },
  { onNote }: FineTuneOptions,
  call: Call,
): Promise<Split> {
  if (train.target !== "none") {
    throw new InputError(`${train.name} is read as ${train.statement}; a teacher scores triplets without scores.`);
  }
  const scored = train.rows.filter((row) => negativesOf(row).length > 0);
  const left = train.rows.length - scored.length;
  if (left > 0) onNote?.(`${left} rows without a negative were left out`);
  const rows = await teacherScores(scored, teacher, { ...call, scale });
  return { ...train, rows, target: "scores" };
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
async function findCandidates(dev: Split, { retriever, candidates }: FullRecipe, call: Call): Promise<Split> {
  const embedder = await Embedder.load(retriever ?? undefined, call);
  try {
    const queries = dev.rows.filter(({ text }) => text !== undefined);
    const asked = queries.map(({ id = "", text = "" }) => ({ id, text }));
    const documents = [...dev.documents!].map(([id, text]) => ({ id, text }));
    const found = await retrieve(embedder, asked, documents, candidates, call);
    const rows = queries.map((row, i) => ({ ...row, choices: found[i]!.map(({ text }) => text) }));
    return { ...dev, rows };
  } finally {
    await embedder.dispose();
  }
}

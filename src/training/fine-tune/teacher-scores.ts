import { type DataRow, negativesOf } from "../../datasets/data-row.ts";
import { InputError } from "../../errors.ts";
import { Embedder } from "../../tasks/embedder.ts";
import type { LoadOptions } from "../../tasks/load-options.ts";
import { Reranker } from "../../tasks/reranker.ts";
import { isCrossEncoder } from "../evaluate/is-cross-encoder.ts";

/**
 * Scores of a teacher for each row's own text, then for its negatives: a cross-encoder's logits, or an embedder's
 * likenesses times `scale`.
 *
 * @throws InputError when a row has no negative; besides, what opening the teacher throws.
 */
export async function teacherScores(
  rows: readonly DataRow[],
  teacher: string,
  { scale, ...load }: LoadOptions & { readonly scale: number },
): Promise<DataRow[]> {
  const passages = rows.map(passagesOf);
  const score = (await isCrossEncoder(teacher, load)) ? readTogether : readApart;
  const scores = await score(
    teacher,
    rows.map(({ text = "" }) => text),
    passages,
    { ...load, scale },
  );
  return rows.map((row, i) => ({ ...row, scores: scores[i]! }));
}

/** The row's own text, then its negatives. */
function passagesOf(row: DataRow): readonly string[] {
  const others = negativesOf(row);
  if (others.length > 0) return [row.pair ?? "", ...others];
  throw new InputError(
    `${row.where} has no negative for the teacher to tell from its own text. Mine some, or leave it out.`,
  );
}

type Scoring = (
  teacher: string,
  texts: readonly string[],
  passages: readonly (readonly string[])[],
  options: LoadOptions & { readonly scale: number },
) => Promise<number[][]>;

const readTogether: Scoring = async (teacher, texts, passages, { scale: _, ...load }) => {
  const reranker = await Reranker.load(teacher, load);
  try {
    const scores: number[][] = [];
    for (const [i, own] of passages.entries()) {
      const ranked = await reranker.rank(texts[i]!, own, { activation: "none", signal: load.signal });
      scores.push(own.map((_, k) => ranked.find(({ index }) => index === k)!.score));
    }
    return scores;
  } finally {
    await reranker.dispose();
  }
};

const readApart: Scoring = async (teacher, texts, passages, { scale, ...load }) => {
  const embedder = await Embedder.load(teacher, load);
  try {
    const { signal, onProgress } = load;
    const known = [...new Set(passages.flat())];
    const documents = await embedder.embed(known, { prompt: "document", signal, onProgress });
    const vectors = new Map(known.map((text, i) => [text, documents[i]!]));
    const queries = await embedder.embed(texts, { prompt: "query", signal, onProgress });
    return passages.map((own, i) => own.map((text) => scale * embedder.similarity(queries[i]!, vectors.get(text)!)));
  } finally {
    await embedder.dispose();
  }
};

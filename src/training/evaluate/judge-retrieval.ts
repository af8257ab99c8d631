/** Runs a model over a collection for retrieval, and judges its rankings. */
import { documentText, type RetrievalData } from "../../datasets/retrieval.ts";
import type { Embedder } from "../../tasks/embedder.ts";
import type { OnProgress } from "../../tasks/progress.ts";
import type { Reranker } from "../../tasks/reranker.ts";
import { TimeSlice } from "../../tasks/time-slice.ts";
import { type Judgement, judgeRankings } from "./judge.ts";

export interface RetrievalJudgeOptions {
  readonly top: readonly number[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** A document that a query found. */
interface Found {
  readonly id: string;
  readonly text: string;
}

/** Every query against every document, title and text together. */
export async function judgeRetriever(
  embedder: Embedder,
  data: RetrievalData,
  options: RetrievalJudgeOptions,
): Promise<Judgement> {
  const found = await retrieve(embedder, data, Math.max(...options.top), options);
  const rankings = found.map((documents) => documents.map(({ id }) => id));
  return judgeRankings(rankings, [...data.judgements.values()], options.top);
}

/** The documents that a retriever finds, in the reranker's order. */
export async function judgeReranker(
  reranker: Reranker,
  retriever: Embedder,
  data: RetrievalData,
  options: RetrievalJudgeOptions & { readonly candidates: number },
): Promise<Judgement> {
  const { signal, onProgress, top } = options;
  const found = await retrieve(retriever, data, options.candidates, options);
  const queries = [...data.judgements.keys()].map((id) => data.queries.get(id)!);
  const rankings: string[][] = [];
  for (const [i, documents] of found.entries()) {
    const texts = documents.map(({ text }) => text);
    const ranked = await reranker.rank(queries[i]!, texts, { top: Math.max(...top), signal, onProgress });
    rankings.push(ranked.map(({ index }) => documents[index]!.id));
  }
  return judgeRankings(rankings, [...data.judgements.values()], top);
}

/** The `count` likest documents of each query, best first; a query's own id is left out, as BEIR does. */
async function retrieve(
  embedder: Embedder,
  data: RetrievalData,
  count: number,
  { signal, onProgress }: RetrievalJudgeOptions,
): Promise<Found[][]> {
  const documents: Found[] = [];
  for await (const document of data.documents()) documents.push({ id: document.id, text: documentText(document) });
  const texts = documents.map(({ text }) => text);
  const ids = [...data.judgements.keys()];
  const vectors = await embedder.embed(texts, { prompt: "document", signal, onProgress });
  const queries = await embedder.embed(
    ids.map((id) => data.queries.get(id)!),
    { prompt: "query", signal, onProgress },
  );
  const slice = new TimeSlice();
  const found: Found[][] = [];
  for (const [i, query] of queries.entries()) {
    if (slice.isOver) await slice.yield();
    signal?.throwIfAborted();
    const scores = Float64Array.from(vectors, (vector) => embedder.similarity(query, vector));
    const order = Array.from(scores.keys()).filter((at) => documents[at]!.id !== ids[i]);
    order.sort((a, b) => scores[b]! - scores[a]! || a - b);
    found.push(order.slice(0, count).map((at) => documents[at]!));
  }
  return found;
}

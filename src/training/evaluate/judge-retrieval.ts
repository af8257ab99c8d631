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

/** A query, or a document that one found. */
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
  const [queries, documents] = await readCollection(data);
  const found = await retrieve(embedder, queries, documents, Math.max(...options.top), options);
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
  const [queries, all] = await readCollection(data);
  const found = await retrieve(retriever, queries, all, options.candidates, options);
  const rankings: string[][] = [];
  for (const [i, documents] of found.entries()) {
    const texts = documents.map(({ text }) => text);
    const ranked = await reranker.rank(queries[i]!.text, texts, { top: Math.max(...top), signal, onProgress });
    rankings.push(ranked.map(({ index }) => documents[index]!.id));
  }
  return judgeRankings(rankings, [...data.judgements.values()], top);
}

/** A collection's documents, and its queries in the order of their judgements. */
async function readCollection(data: RetrievalData): Promise<readonly [queries: Found[], documents: Found[]]> {
  const documents: Found[] = [];
  for await (const document of data.documents()) documents.push({ id: document.id, text: documentText(document) });
  return [[...data.judgements.keys()].map((id) => ({ id, text: data.queries.get(id)! })), documents];
}

/** The `count` likest documents of each query, best first; a query's own id is left out, as BEIR does. */
export async function retrieve(
  embedder: Embedder,
  queries: readonly Found[],
  documents: readonly Found[],
  count: number,
  { signal, onProgress }: Omit<RetrievalJudgeOptions, "top">,
): Promise<Found[][]> {
  const texts = documents.map(({ text }) => text);
  const vectors = await embedder.embed(texts, { prompt: "document", signal, onProgress });
  const asked = await embedder.embed(
    queries.map(({ text }) => text),
    { prompt: "query", signal, onProgress },
  );
  const slice = new TimeSlice();
  const found: Found[][] = [];
  for (const [i, query] of asked.entries()) {
    if (slice.isOver) await slice.yield();
    signal?.throwIfAborted();
    const scores = Float64Array.from(vectors, (vector) => embedder.similarity(query, vector));
    const order = Array.from(scores.keys()).filter((at) => documents[at]!.id !== queries[i]!.id);
    order.sort((a, b) => scores[b]! - scores[a]! || a - b);
    found.push(order.slice(0, count).map((at) => documents[at]!));
  }
  return found;
}

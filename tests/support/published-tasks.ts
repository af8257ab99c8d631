import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { spearman } from "../../src/evaluation/correlation.ts";
import { ndcg } from "../../src/evaluation/ranking.ts";
import type { Embedder } from "../../src/tasks/embedder.ts";
import { readSharedJsonLines, sharedPath } from "./shared.ts";

/** Spearman's rho with people's scores on the test set of the STS benchmark. */
export async function stsCorrelation(embedder: Embedder, signal: AbortSignal): Promise<number> {
  const rows = readSharedJsonLines<{ text1: string; text2: string; score: number }>("data/stsb/test.jsonl.gz");
  const texts = rows.flatMap(({ text1, text2 }) => [text1, text2]);
  const embeddings = await embedder.embed(texts, { signal });
  const scores = rows.map((_, i) => {
    const [a, b] = embeddings.slice(2 * i, 2 * i + 2) as [Float32Array, Float32Array];
    return embedder.similarity(a, b);
  });
  return spearman(
    scores,
    rows.map(({ score }) => score),
  );
}

/** Mean nDCG@10 over the 300 test claims of SciFact. */
export async function scifactNdcg(embedder: Embedder, signal: AbortSignal): Promise<number> {
  const corpus = readSharedJsonLines<{ id: string; title: string; text: string }>("data/scifact/corpus.jsonl.gz");
  const queries = readSharedJsonLines<{ id: string; text: string }>("data/scifact/queries-test.jsonl.gz");
  const judgements = readJudgements("data/scifact/qrels-test.tsv.gz");
  const documents = await embedder.embed(
    corpus.map(({ title, text }) => `${title} ${text}`),
    { prompt: "document", signal },
  );
  const claims = await embedder.embed(
    queries.map(({ text }) => text),
    { prompt: "query", signal },
  );
  const values = queries.map(({ id }, i) => {
    const scores = documents.map((document) => embedder.similarity(claims[i] as Float32Array, document));
    const order = scores.map((_, j) => j).sort((a, b) => (scores[b] as number) - (scores[a] as number));
    const ranking = order.slice(0, 10).map((j) => corpus[j]?.id as string);
    return ndcg(ranking, judgements.get(id) ?? new Map());
  });
  if (values.length !== 300) throw new Error(`SciFact has ${values.length} test claims; expected 300.`);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Relevant documents of each query, from a BEIR table. */
function readJudgements(path: string): Map<string, Map<string, number>> {
  const queries = new Map<string, Map<string, number>>();
  const lines = gunzipSync(readFileSync(sharedPath(path)))
    .toString("utf8")
    .trim()
    .split("\n");
  for (const line of lines.slice(1)) {
    const [query, document, score] = line.split("\t") as [string, string, string];
    queries.set(query, (queries.get(query) ?? new Map<string, number>()).set(document, Number(score)));
  }
  return queries;
}

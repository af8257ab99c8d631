import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DEFAULT_MODEL_PACKAGE, resolveWhere } from "../../src/checkpoints/default-model.ts";
import { spearman } from "../../src/evaluation/correlation.ts";
import { ndcg } from "../../src/evaluation/ranking.ts";
import { Embedder } from "../../src/tasks/embedder.ts";
import { describeBackends } from "../support/each-backend.ts";
import { eventLoopLag } from "../support/event-loop-lag.ts";
import { hasShared, readSharedJsonLines, sharedPath } from "../support/shared.ts";

const isInstalled = await resolveWhere().then(
  () => true,
  () => false,
);

function reasonToSkip(path: string): string | undefined {
  if (!isInstalled) return `not on this machine: ${DEFAULT_MODEL_PACKAGE} is not installed`;
  return hasShared(path) ? undefined : `${path} is not in the shared folder (set CLOZE_SHARED)`;
}

/** A million tokens through WebAssembly take eight minutes on two quiet cores. */
const LONGEST = 3_600_000;

/** `it`, skipped with its reason where the data or the model is missing. */
function itWith(path: string, title: string, body: (context: { signal: AbortSignal }) => Promise<void>): void {
  const reason = reasonToSkip(path);
  if (reason === undefined) it(title, { timeout: LONGEST }, body);
  else it.skip(`${title}: ${reason}`, () => undefined);
}

/** Relevant documents of each query, from a BEIR table. */
function readJudgements(path: string): Map<string, Map<string, number>> {
  const queries = new Map<string, Map<string, number>>();
  for (const line of gunzipSync(readFileSync(sharedPath(path)))
    .toString("utf8")
    .trim()
    .split("\n")
    .slice(1)) {
    const [query, document, score] = line.split("\t") as [string, string, string];
    queries.set(query, (queries.get(query) ?? new Map<string, number>()).set(document, Number(score)));
  }
  return queries;
}

/** Published scores of all-MiniLM-L6-v2, computed over the whole test sets. */
await describeBackends(
  "all-MiniLM-L6-v2",
  (backend) => {
    let embedder: Embedder;
    beforeAll(async () => {
      if (isInstalled) embedder = await Embedder.load(undefined, { backend });
    });
    afterAll(() => embedder?.dispose());

    itWith("data/stsb", "correlates with people on the STS benchmark", async ({ signal }) => {
      const rows = readSharedJsonLines<{ text1: string; text2: string; score: number }>("data/stsb/test.jsonl.gz");
      const texts = rows.flatMap(({ text1, text2 }) => [text1, text2]);
      const embeddings = await embedder.embed(texts, { signal });
      const scores = rows.map((_, i) => {
        const [a, b] = embeddings.slice(2 * i, 2 * i + 2) as [Float32Array, Float32Array];
        return embedder.similarity(a, b);
      });
      const gold = rows.map(({ score }) => score);
      expect(Math.abs(100 * spearman(scores, gold) - 82.03)).toBeLessThanOrEqual(0.05);
    });

    itWith("data/scifact", "finds the evidence of SciFact's claims", async ({ signal }) => {
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
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(queries).toHaveLength(300);
      expect(Math.abs(mean - 0.645)).toBeLessThanOrEqual(0.002);
    });

    itWith("data/stsb", "leaves the event loop free meanwhile", async ({ signal }) => {
      const rows = readSharedJsonLines<{ text1: string; text2: string }>("data/stsb/train.jsonl.gz");
      const texts = rows.flatMap(({ text1, text2 }) => [text1, text2]).slice(0, 3_000);
      const { p99 } = await eventLoopLag(() => embedder.embed(texts, { signal }));
      expect(p99).toBeLessThan(20);
    });
  },
  ["native", "wasm"],
);

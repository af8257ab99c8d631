import type { DataRow } from "../../datasets/data-row.ts";
import type { RetrievalData } from "../../datasets/retrieval.ts";
import { SIMILARITY_FUNCTIONS } from "../../tasks/similarity.ts";
import { type Judgement, judgeRankings, judgeRelevance, judgeScores } from "../evaluate/judge.ts";
import type { EmbedExample } from "./embed-step.ts";

/** The embeddings of each example's texts. */
type Vectors = readonly (readonly Float32Array[])[];

const PLACES = 10;

/** Likeness against scores or labels; of pairs alone, each first text against the other texts of all rows. */
export function judgeVectors(target: string, examples: readonly EmbedExample[], vectors: Vectors): Judgement {
  const gold = examples.map((example) => example.gold);
  const alike = () => vectors.map(([a, b]) => SIMILARITY_FUNCTIONS.cosine(a!, b!));
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
  return judgeRankings(
    [...anchors.values()].map((anchor) => rank(anchor, texts)),
    [...anchors.keys()].map((key) => wanted.get(key)!),
    [PLACES],
  );
}

/** Of a collection: each query against all documents but the one of its own id, as BEIR does. */
export function judgeCollection(
  rows: readonly DataRow[],
  vectors: Vectors,
  judgements: RetrievalData["judgements"],
): Judgement {
  const queries = rows.flatMap(({ id = "", text }, i) => (text === undefined ? [] : [[id, vectors[i]![0]!] as const]));
  const documents = rows.flatMap(({ id = "", pair }, i) =>
    pair === undefined ? [] : [[id, vectors[i]![0]!] as const],
  );
  const all = new Map(documents);
  const rankings = queries.map(([id, query]) =>
    rank(query, all)
      .filter((document) => document !== id)
      .slice(0, PLACES),
  );
  return judgeRankings(
    rankings,
    queries.map(([id]) => judgements.get(id)!),
    [PLACES],
  );
}

/** All keys, the likest first. */
function rank(query: Float32Array, texts: ReadonlyMap<string, Float32Array>): string[] {
  const scored = [...texts].map(([key, vector]) => [key, SIMILARITY_FUNCTIONS.cosine(query, vector)] as const);
  return scored.sort((a, b) => b[1] - a[1]).map(([key]) => key);
}

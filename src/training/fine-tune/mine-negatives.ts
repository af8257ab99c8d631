import { randomBits, seedOf } from "../../backends/random.ts";
import type { DataRow } from "../../datasets/data-row.ts";
import { InputError } from "../../errors.ts";
import type { Embedder } from "../../tasks/embedder.ts";
import type { OnProgress } from "../../tasks/progress.ts";
import { TimeSlice } from "../../tasks/time-slice.ts";
import type { Split } from "./training-data.ts";

/** Which texts become negatives. */
export interface MiningRules {
  /** Negatives of a row. */
  readonly count: number;
  /** Places of the ranking to pass over, where texts that answer are likely to stand. */
  readonly skip: number;
  /** Places of the ranking to take from. */
  readonly within: number;
  /** How much less alike a negative must be than the row's own text; a share of its likeness where `isRelative`. */
  readonly margin: number;
  readonly isRelative: boolean;
  /** The best ones, or any of those that may be taken. */
  readonly sampling: "top" | "random";
  readonly seed: number;
}

interface Call {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Hard negatives: for each row texts that an embedder finds alike and that do not belong to the row's first text. Looked
 * for among all documents of a collection, else among the second texts of all rows. Rows keep fewer, or none, where not so
 * many keep the rules. Source: sentence_transformers/util/hard_negatives.py.
 *
 * @throws InputError when the rows are no pairs.
 */
export async function mineNegatives(
  { rows, input, target, name, statement, documents }: Split,
  embedder: Embedder,
  rules: MiningRules,
  call: Call,
): Promise<DataRow[]> {
  if (input !== "pair" || target !== "none") {
    throw new InputError(`${name} is read as ${statement}; negatives are mined for pairs that belong together.`);
  }
  const texts = [...new Set([...rows.map(({ pair = "" }) => pair), ...(documents?.values() ?? [])])];
  const places = new Map(texts.map((text, i) => [text, i]));
  const vectors = await embedder.embed(texts, { prompt: "document", ...call });
  const anchors = [...new Set(rows.map(({ text = "" }) => text))];
  const queries = await embedder.embed(anchors, { prompt: "query", ...call });
  const own = new Map<string, Set<string>>(anchors.map((text) => [text, new Set([text])]));
  for (const { text = "", pair = "" } of rows) own.get(text)!.add(pair);
  const rankings = new Map<string, Ranking>();
  const slice = new TimeSlice();
  for (const [i, anchor] of anchors.entries()) {
    if (slice.isOver) await slice.yield();
    call.signal?.throwIfAborted();
    const scores = Float64Array.from(vectors, (vector) => embedder.similarity(queries[i]!, vector));
    const order = Array.from(scores.keys()).filter((at) => !own.get(anchor)!.has(texts[at]!));
    order.sort((a, b) => scores[b]! - scores[a]! || a - b);
    rankings.set(anchor, { scores, order: order.slice(rules.skip, rules.within) });
  }
  return rows.map((row) => {
    const ranking = rankings.get(row.text!)!;
    const chosen = choose(ranking, ranking.scores[places.get(row.pair!)!]!, rules, row.text!);
    return { ...row, negatives: chosen.map((at) => texts[at]!) };
  });
}

interface Ranking {
  readonly scores: Float64Array;
  /** The likest texts that do not belong, best first. */
  readonly order: readonly number[];
}

function choose({ scores, order }: Ranking, positive: number, rules: MiningRules, text: string): readonly number[] {
  const { count, margin, isRelative, sampling } = rules;
  const most = isRelative ? positive - margin * Math.abs(positive) : positive - margin;
  const allowed = margin === 0 ? order : order.filter((at) => scores[at]! <= most);
  if (sampling === "top") return allowed.slice(0, count);
  const seed = seedOf(rules.seed, text);
  const keyed = allowed.map((at) => [randomBits(seed, at), at] as const);
  return keyed
    .sort((a, b) => a[0] - b[0])
    .slice(0, count)
    .map(([, at]) => at);
}

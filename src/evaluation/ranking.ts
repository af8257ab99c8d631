/** How well a ranking puts first what is relevant. */

/** How relevant each document is to a query, by its id; those that are not here are not relevant. */
export type Judgements = ReadonlyMap<string, number>;

/**
 * Normalized discounted cumulative gain of one query's ranking: 1 when the `top` places hold the most relevant documents
 * in order, 0 when none is relevant. Gains are linear and discounts log2(place + 1), as in trec_eval and BEIR.
 *
 * @param ranking ids of documents, best first
 * @param top places that count. Default: 10
 */
export function ndcg(ranking: readonly string[], judgements: Judgements, top = 10): number {
  const ideal = [...judgements.values()].filter((gain) => gain > 0).sort((a, b) => b - a);
  const best = discountedGain(ideal.slice(0, top));
  const gains = ranking.slice(0, top).map((id) => judgements.get(id) ?? 0);
  return best === 0 ? 0 : discountedGain(gains) / best;
}

/** 1 over the place of the first relevant document among the `top`, 0 when there is none. Default: all places. */
export function reciprocalRank(ranking: readonly string[], judgements: Judgements, top = ranking.length): number {
  const place = ranking.slice(0, top).findIndex((id) => isRelevant(judgements, id));
  return place === -1 ? 0 : 1 / (place + 1);
}

/**
 * Average precision of one query's ranking, the mean over its relevant documents of the precision where each stands; one
 * that is not among the `top` counts 0. The mean over queries is MAP. Default: all places.
 */
export function rankingPrecision(ranking: readonly string[], judgements: Judgements, top = ranking.length): number {
  const relevant = countRelevant(judgements);
  let [found, sum] = [0, 0];
  for (const [i, id] of ranking.slice(0, top).entries()) {
    if (isRelevant(judgements, id)) sum += ++found / (i + 1);
  }
  return relevant === 0 ? 0 : sum / relevant;
}

/** The share of the `top` places that hold a relevant document; a shorter ranking has empty places. Default: 10. */
export function precisionAt(ranking: readonly string[], judgements: Judgements, top = 10): number {
  return ranking.slice(0, top).filter((id) => isRelevant(judgements, id)).length / top;
}

/** The share of the relevant documents that are among the `top`; 0 where there are none. Default: 10. */
export function recallAt(ranking: readonly string[], judgements: Judgements, top = 10): number {
  const relevant = countRelevant(judgements);
  const found = ranking.slice(0, top).filter((id) => isRelevant(judgements, id)).length;
  return relevant === 0 ? 0 : found / relevant;
}

function isRelevant(judgements: Judgements, id: string): boolean {
  return (judgements.get(id) ?? 0) > 0;
}

function countRelevant(judgements: Judgements): number {
  return [...judgements.values()].filter((gain) => gain > 0).length;
}

function discountedGain(gains: readonly number[]): number {
  return gains.reduce((sum, gain, i) => sum + gain / Math.log2(i + 2), 0);
}

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

function discountedGain(gains: readonly number[]): number {
  return gains.reduce((sum, gain, i) => sum + gain / Math.log2(i + 2), 0);
}

import { MASKING_RATE, type MaskedRow, type MaskingOptions, replaceTokens, rowRandom } from "./masked-row.ts";

/**
 * Masked language modelling: each token that is not special is guessed with probability `rate`. Sources: Devlin et al.,
 * "BERT", 2019; drawn anew for each row of the run as in Liu et al., "RoBERTa", 2019. Also what ELECTRA's generator reads.
 *
 * @param row the row's number in the run, from 0
 */
export function maskTokens(ids: Int32Array, row: number, options: MaskingOptions): MaskedRow {
  const { rate = MASKING_RATE, seed, vocabulary } = options;
  const draw = rowRandom(seed, row, "choose");
  const chosen: number[][] = [];
  for (const [place, id] of ids.entries()) {
    if (!vocabulary.special.has(id) && draw(place) < rate) chosen.push([place]);
  }
  return replaceTokens(ids, chosen, row, options);
}

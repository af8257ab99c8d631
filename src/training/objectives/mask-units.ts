import { MASKING_RATE, type MaskedRow, type MaskingOptions, replaceTokens, rowRandom } from "./masked-row.ts";

/**
 * Masks whole units, such as words, phrases or entities: units come in a random order, and each is taken whole until
 * `rate` of the tokens are; one that would go beyond that is passed over. Each token is then replaced by itself.
 * Whole words: BERT's second release, 2019; phrases and entities: Sun et al., "ERNIE: Enhanced Representation through
 * Knowledge Integration", 2019.
 *
 * @param units `[T]`: which unit each token is of; -1 for what is never masked
 * @param row the row's number in the run, from 0
 */
export function maskUnits(ids: Int32Array, units: Int32Array, row: number, options: MaskingOptions): MaskedRow {
  const groups = groupTokens(ids, units, options);
  const draw = rowRandom(options.seed, row, "choose");
  const order = groups.map((_, i) => i).sort((a, b) => draw(a) - draw(b) || a - b);
  const chosen: number[][] = [];
  let left = maskingBudget(groups, options);
  for (const i of order) {
    const group = groups[i]!;
    if (group.length > left) continue;
    left -= group.length;
    for (const place of group) chosen.push([place]);
  }
  return replaceTokens(ids, chosen, row, options);
}

/** The places of each unit, in order; special tokens are of none. */
export function groupTokens(ids: Int32Array, units: Int32Array, { vocabulary }: MaskingOptions): number[][] {
  const groups: number[][] = [];
  let previous = -1;
  for (const [place, unit] of units.entries()) {
    const isMaskable = unit >= 0 && !vocabulary.special.has(ids[place]!);
    if (isMaskable && unit === previous) groups.at(-1)!.push(place);
    else if (isMaskable) groups.push([place]);
    previous = isMaskable ? unit : -1;
  }
  return groups;
}

/** How many tokens to mask: `rate` of those that can be, at least one where there is any. */
export function maskingBudget(groups: readonly (readonly number[])[], options: MaskingOptions): number {
  const tokens = groups.reduce((sum, group) => sum + group.length, 0);
  return tokens === 0 ? 0 : Math.max(1, Math.round(tokens * (options.rate ?? MASKING_RATE)));
}

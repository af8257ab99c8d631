import type { MaskedRow } from "./masked-row.ts";

/** What ELECTRA's discriminator reads. */
export interface ReplacedRow {
  /** `[T]`: the row with the generator's guesses in the masked places. */
  readonly ids: Int32Array;
  /** `[T]`: 1 where a token is not the one that stood there; a right guess is no replacement. */
  readonly labels: Uint8Array;
}

/**
 * Puts the generator's guesses into a row. Source: Clark et al., "ELECTRA", 2020.
 *
 * @param original `[T]`: the row before masking
 * @param masked what `maskTokens` made of it
 * @param sampled `[S]`: tokens that the generator drew for the masked places
 */
export function replaceBySamples(original: Int32Array, masked: MaskedRow, sampled: ArrayLike<number>): ReplacedRow {
  const ids = Int32Array.from(original);
  for (const [i, place] of masked.positions.entries()) ids[place] = sampled[i]!;
  return { ids, labels: Uint8Array.from(ids, (id, place) => (id === original[place] ? 0 : 1)) };
}

import type { TokenBuffer } from "./token-buffer.ts";

/**
 * The part of a tokenizer that knows the vocabulary: it cuts one piece of normalized, pre-tokenized text into tokens.
 * Models hold no state between pieces, so that the pipeline may remember what a piece came to.
 */
export interface TokenizerModel {
  /** Number of entries of the vocabulary, added tokens not counted. */
  readonly size: number;

  /**
   * Appends the tokens of `piece` (never empty, no lone surrogates) to `out`, with ranges in UTF-16 units of `piece`.
   * A token that covers a part of a character spans the whole character.
   */
  tokenize(piece: string, out: TokenBuffer): void;

  /** The id of a vocabulary entry, spelled as the vocabulary file spells it. */
  idOf(token: string): number | undefined;

  tokenOf(id: number): string | undefined;

  /** Every entry of the vocabulary as `[token, id]`, in no certain order. */
  entries(): Iterable<[string, number]>;
}

import type { Pieces } from "../pieces.ts";
import { inverted } from "../split-pattern.ts";
import { type DelimiterBehavior, type FindDelimiters, splitAtDelimiters } from "./delimiter.ts";
import type { PreTokenizer } from "./pre-tokenizer.ts";

export interface SplitOptions {
  behavior: DelimiterBehavior;
  /** What the pattern does not match are the delimiters. */
  inverts: boolean;
  /** See `PreTokenizer.isLocal`. */
  isLocal: boolean;
}

/** Cuts at what a pattern matches. */
export class Split implements PreTokenizer {
  readonly isLocal: boolean;
  private readonly find: FindDelimiters;
  private readonly behavior: DelimiterBehavior;

  constructor(find: FindDelimiters, { behavior, inverts, isLocal }: SplitOptions) {
    this.find = inverts ? inverted(find) : find;
    this.behavior = behavior;
    this.isLocal = isLocal;
  }

  split(pieces: Pieces): Pieces {
    return splitAtDelimiters(pieces, this.find, this.behavior);
  }
}

import type { Pieces } from "../pieces.ts";
import { type DelimiterBehavior, type FindDelimiters, splitAtDelimiters } from "./delimiter.ts";
import type { PreTokenizer } from "./pre-tokenizer.ts";

export interface SplitOptions {
  behavior: DelimiterBehavior;
  /** The delimiters are what lies between two matches. */
  inverts: boolean;
  /** See `PreTokenizer.isLocal`. */
  isLocal: boolean;
}

/** Cuts at what a pattern matches. */
export class Split implements PreTokenizer {
  readonly isLocal: boolean;
  private readonly find: FindDelimiters;
  private readonly behavior: DelimiterBehavior;
  private readonly inverts: boolean;

  constructor(find: FindDelimiters, { behavior, inverts, isLocal }: SplitOptions) {
    this.find = find;
    this.behavior = behavior;
    this.inverts = inverts;
    this.isLocal = isLocal;
  }

  split(pieces: Pieces): Pieces {
    return splitAtDelimiters(pieces, this.find, this.behavior, this.inverts);
  }
}

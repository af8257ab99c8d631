import type { Pieces } from "../pieces.ts";

/** Cuts pieces into smaller ones, and may rewrite their text. No token reaches beyond its piece. */
export interface PreTokenizer {
  /**
   * Whether every place that `chunks.ts` knows becomes a cut, and what stands on one side of it has no influence on the
   * other: then the parts of a text may as well be cut into pieces on their own.
   */
  readonly isLocal: boolean;

  split(pieces: Pieces): Pieces;
}

/** One pre-tokenizer after the other. */
export class PreTokenizerSequence implements PreTokenizer {
  readonly isLocal: boolean;
  private readonly steps: readonly PreTokenizer[];

  constructor(steps: readonly PreTokenizer[]) {
    this.steps = steps;
    // The steps after the first work on its pieces, which do not reach beyond any of those places.
    this.isLocal = steps[0]?.isLocal ?? false;
  }

  split(pieces: Pieces): Pieces {
    for (const step of this.steps) pieces = step.split(pieces);
    return pieces;
  }
}

import type { NormalizedText } from "../normalized-text.ts";

/** Rewrites a stretch of text before it is cut into pieces. */
export interface Normalizer {
  /**
   * Whether a text may be cut at the places that `chunks.ts` knows, and the parts be normalized on their own, without
   * any difference.
   */
  readonly isLocal: boolean;

  /**
   * Whether `isLocal` holds only for texts that begin with a solid character (see `chunks.ts`): where the first one
   * vanishes, the reference's alignment is off in all of the text.
   */
  readonly needsSolidBeginning?: boolean;

  /** Returns the argument itself when there is nothing to change. */
  normalize(text: NormalizedText): NormalizedText;
}

/** One normalizer after the other. */
export class NormalizerSequence implements Normalizer {
  readonly isLocal: boolean;
  readonly needsSolidBeginning: boolean;
  private readonly steps: readonly Normalizer[];

  constructor(steps: readonly Normalizer[]) {
    this.steps = steps;
    this.needsSolidBeginning = steps.some((step) => step.needsSolidBeginning === true);
    this.isLocal = steps.every((step) => step.isLocal);
  }

  normalize(text: NormalizedText): NormalizedText {
    for (const step of this.steps) text = step.normalize(text);
    return text;
  }
}

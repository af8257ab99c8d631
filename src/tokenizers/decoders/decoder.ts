/** Turns tokens back into text. */
export interface Decoder {
  /** Rewrites the tokens; joined without anything between, the result is the text. */
  decode(tokens: string[]): string[];
}

/** One decoder after the other. */
export class DecoderSequence implements Decoder {
  private readonly steps: readonly Decoder[];

  constructor(steps: readonly Decoder[]) {
    this.steps = steps;
  }

  decode(tokens: string[]): string[] {
    for (const step of this.steps) tokens = step.decode(tokens);
    return tokens;
  }
}

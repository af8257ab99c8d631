import type { CallOptions } from "./load-options.ts";

/** How long texts are read. */
export interface WholeTextOptions extends CallOptions {
  /**
   * What becomes of texts longer than `maxLength`: each mask or token is judged by as much as fits on both sides of it, or
   * they are refused. Default: "window".
   */
  readonly truncation?: "window" | "error" | undefined;
}

/** How masks are filled. */
export interface FillOptions extends WholeTextOptions {
  /** How many fillings of each mask. Default: 5, or with `targets` all of them. */
  readonly top?: number | undefined;
  /**
   * Words that may stand there. Each must be one token of the model in its place, after a space or within a word; a token
   * as the vocabulary spells it ("##ing") will do too. Default: any.
   */
  readonly targets?: readonly string[] | undefined;
  /** Whether only words of their own may stand there: no pieces of words, no punctuation. Default: false. */
  readonly wholeWords?: boolean | undefined;
  /**
   * Whether the masks of a text are filled together: the k-th filling of each mask belongs to the k-th best way to fill
   * them all, and its score is that way's. The search goes from left to right, each word given those before it. Default:
   * false: each mask as if the others stayed empty.
   */
  readonly joint?: boolean | undefined;
  /** With `joint`: ways that are followed at once, at least `top`. Default: 5. */
  readonly beam?: number | undefined;
}

/** A word for a mask. */
export interface Filling {
  /** The token's id. */
  readonly id: number;
  /** The token as text: with the space that it carries, or the mark of a piece that continues a word. */
  readonly token: string;
  /** The text with it, as the tokenizer writes it; other masks stay unless they are filled jointly. */
  readonly text: string;
  /** Its probability; with `joint` that of all words of this way together. */
  readonly score: number;
}

/** How likely a text is, by a model that sees both sides of each token. */
export interface PseudoLikelihood {
  /** The sum over the tokens: natural logarithm, 0 at most. */
  readonly score: number;
  readonly tokens: readonly TokenLikelihood[];
}

/** How likely one token of a text is, given all others. */
export interface TokenLikelihood {
  readonly text: string;
  /** Where it stands in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly logProbability: number;
}

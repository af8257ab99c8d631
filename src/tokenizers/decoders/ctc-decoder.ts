import type { Decoder } from "./decoder.ts";
import { cleanUp } from "./word-piece-decoder.ts";

export interface CtcOptions {
  /** Separates repeated tokens. Default "<pad>". */
  padToken?: string;
  /** Stands for a space. Default "|". */
  wordDelimiter?: string;
  /** Take back spaces before punctuation, and write the delimiter as a space. Default true. */
  cleansUp?: boolean;
}

/** Joins the tokens that speech models emit once a frame: repetitions count once. Source: Graves et al. 2006. */
export class CtcDecoder implements Decoder {
  private readonly options: Required<CtcOptions>;

  constructor({ padToken = "<pad>", wordDelimiter = "|", cleansUp = true }: CtcOptions = {}) {
    this.options = { padToken, wordDelimiter, cleansUp };
  }

  decode(tokens: string[]): string[] {
    const { padToken, wordDelimiter, cleansUp } = this.options;
    return tokens
      .filter((token, i) => i === 0 || token !== tokens[i - 1])
      .map((token) => token.replaceAll(padToken, ""))
      .map((token) => (cleansUp ? cleanUp(token).replaceAll(wordDelimiter, " ") : token))
      .filter((token) => token !== "");
  }
}

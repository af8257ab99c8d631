import type { Decoder } from "./decoder.ts";

/** Turns the mark of a word's end into a space, except after the last token. */
export class BytePairDecoder implements Decoder {
  private readonly suffix: string;

  constructor(suffix = "</w>") {
    this.suffix = suffix;
  }

  decode(tokens: string[]): string[] {
    return tokens.map((token, i) => token.replaceAll(this.suffix, i === tokens.length - 1 ? "" : " "));
  }
}

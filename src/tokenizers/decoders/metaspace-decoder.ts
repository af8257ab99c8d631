import type { Decoder } from "./decoder.ts";

/** Turns "▁" back into spaces; in the first token, where one was set before the text, into nothing. */
export class MetaspaceDecoder implements Decoder {
  private readonly replacement: string;
  private readonly prepends: boolean;

  constructor(replacement: string, prepends: boolean) {
    this.replacement = replacement;
    this.prepends = prepends;
  }

  decode(tokens: string[]): string[] {
    return tokens.map((token, i) => token.replaceAll(this.replacement, i === 0 && this.prepends ? "" : " "));
  }
}

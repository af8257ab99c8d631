import type { FindDelimiters } from "../pre-tokenizers/delimiter.ts";
import type { Decoder } from "./decoder.ts";

/** Puts a string in the place of what a pattern matches in each token. */
export class ReplaceDecoder implements Decoder {
  private readonly find: FindDelimiters;
  private readonly content: string;

  constructor(find: FindDelimiters, content: string) {
    this.find = find;
    this.content = content;
  }

  decode(tokens: string[]): string[] {
    return tokens.map((token) => {
      let out = "";
      let done = 0;
      this.find(token, (start, end) => {
        out += token.slice(done, start) + this.content;
        done = end;
      });
      return out + token.slice(done);
    });
  }
}

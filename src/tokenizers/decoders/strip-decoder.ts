import type { Decoder } from "./decoder.ts";

/** Removes up to so many of one character from the beginning and the end of each token. */
export class StripDecoder implements Decoder {
  private readonly character: string;
  private readonly start: number;
  private readonly stop: number;

  constructor(character: string, start: number, stop: number) {
    this.character = character;
    this.start = start;
    this.stop = stop;
  }

  decode(tokens: string[]): string[] {
    const { character, start, stop } = this;
    return tokens.map((token) => {
      let from = 0;
      for (let i = 0; i < start && token.startsWith(character, from); i++) from += character.length;
      let to = token.length;
      for (let i = 0; i < stop && to > from && token.endsWith(character); i++) {
        token = token.slice(0, to - character.length);
        to = token.length;
      }
      return token.slice(from);
    });
  }
}

import type { Decoder } from "./decoder.ts";

/** Joins all tokens to one. */
export class Fuse implements Decoder {
  decode(tokens: string[]): string[] {
    return [tokens.join("")];
  }
}

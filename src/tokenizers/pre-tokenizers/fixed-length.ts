import { Pieces } from "../pieces.ts";
import type { PreTokenizer } from "./pre-tokenizer.ts";

/** Pieces of so many characters; the last one may be shorter. */
export class FixedLength implements PreTokenizer {
  readonly isLocal = false;
  private readonly length: number;

  /** @param length - code points, at least 1. */
  constructor(length: number) {
    this.length = length;
  }

  split(pieces: Pieces): Pieces {
    const { text } = pieces.text;
    const out = new Pieces(pieces.text);
    for (let i = 0; i < pieces.length; i++) {
      const end = pieces.ends[i]!;
      let start = pieces.starts[i]!;
      let characters = 0;
      for (let at = start; at < end; ) {
        at += text.codePointAt(at)! > 0xffff ? 2 : 1;
        if (++characters % this.length === 0) {
          out.push(start, at);
          start = at;
        }
      }
      out.push(start, end);
    }
    return out;
  }
}

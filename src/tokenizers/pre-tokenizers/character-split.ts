import type { Pieces } from "../pieces.ts";
import { type DelimiterBehavior, type FindDelimiters, splitAtDelimiters } from "./delimiter.ts";
import type { PreTokenizer } from "./pre-tokenizer.ts";

/** Cuts at every character of some kind; each is a delimiter of its own. */
export class CharacterSplit implements PreTokenizer {
  readonly isLocal: boolean;
  private readonly find: FindDelimiters;
  private readonly behavior: DelimiterBehavior;

  constructor(isDelimiter: (codePoint: number) => boolean, behavior: DelimiterBehavior) {
    this.behavior = behavior;
    this.isLocal = behavior === "removed" && isDelimiter(0x20);
    this.find = (piece, found) => {
      for (let at = 0; at < piece.length; ) {
        const code = piece.codePointAt(at)!;
        const next = at + (code > 0xffff ? 2 : 1);
        if (isDelimiter(code)) found(at, next);
        at = next;
      }
    };
  }

  split(pieces: Pieces): Pieces {
    return splitAtDelimiters(pieces, this.find, this.behavior);
  }
}

import type { Pieces } from "../pieces.ts";
import { splitAtDelimiters } from "./delimiter.ts";
import type { PreTokenizer } from "./pre-tokenizer.ts";
import { rewritePieces } from "./rewrite-pieces.ts";

/** Where a space is set before a piece that has none: everywhere, at the beginning of the text, nowhere. */
export type PrependScheme = "always" | "first" | "never";

export interface MetaspaceOptions {
  /** Stands for a space. Default "▁". */
  replacement?: string;
  /** Default "always". */
  prependScheme?: PrependScheme;
  /** Cut before every space. Default true. */
  splits?: boolean;
}

/** Makes spaces visible, as SentencePiece does, and cuts the text into words that begin with one. */
export class Metaspace implements PreTokenizer {
  readonly isLocal: boolean;
  private readonly replacement: string;
  private readonly scheme: PrependScheme;
  private readonly splits: boolean;

  constructor({ replacement = "▁", prependScheme = "always", splits = true }: MetaspaceOptions = {}) {
    this.replacement = replacement;
    this.scheme = prependScheme;
    this.splits = splits;
    this.isLocal = splits;
  }

  split(pieces: Pieces): Pieces {
    const { text } = pieces;
    const { replacement } = this;
    const spaced = rewritePieces(pieces, (rewriter, start, end) => {
      const prepends = this.scheme === "always" || (this.scheme === "first" && text.originalStart(start) === 0);
      const begins = text.text[start] === " " || text.text.startsWith(replacement, start);
      if (prepends && !begins) rewriter.put(replacement, start);
      let kept = start;
      for (let at = start; at < end; at++) {
        if (text.text.charCodeAt(at) !== 0x20) continue;
        rewriter.copy(kept, at);
        rewriter.put(replacement, at);
        kept = at + 1;
      }
      rewriter.copy(kept, end);
    });
    return this.splits ? splitAtDelimiters(spaced, this.find, "merged-with-next") : spaced;
  }

  private readonly find = (piece: string, found: (start: number, end: number) => void): void => {
    const { replacement } = this;
    for (let at = piece.indexOf(replacement); at >= 0; at = piece.indexOf(replacement, at + replacement.length)) {
      found(at, at + replacement.length);
    }
  };
}

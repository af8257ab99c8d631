import { writeByteLevel } from "../byte-level.ts";
import type { Pieces } from "../pieces.ts";
import { scannerFinder } from "../split-pattern.ts";
import { scanGpt2Word } from "../word-scanners.ts";
import { splitAtDelimiters } from "./delimiter.ts";
import type { PreTokenizer } from "./pre-tokenizer.ts";
import { rewritePieces } from "./rewrite-pieces.ts";

export interface ByteLevelOptions {
  /** Set a space before a piece that begins with none. Default true. */
  addsPrefixSpace?: boolean;
  /** Cut into words as GPT-2 does. Default true. */
  splits?: boolean;
}

const findGpt2Words = scannerFinder(scanGpt2Word);

/** GPT-2's words in the byte-level alphabet. Source: openai/gpt-2, encoder.py. */
export class ByteLevelPreTokenizer implements PreTokenizer {
  readonly isLocal: boolean;
  private readonly addsPrefixSpace: boolean;
  private readonly splits: boolean;

  constructor({ addsPrefixSpace = true, splits = true }: ByteLevelOptions = {}) {
    this.addsPrefixSpace = addsPrefixSpace;
    this.splits = splits;
    this.isLocal = splits;
  }

  split(pieces: Pieces): Pieces {
    if (this.addsPrefixSpace) pieces = withPrefixSpace(pieces);
    if (this.splits) pieces = splitAtDelimiters(pieces, findGpt2Words, "isolated");
    const { text } = pieces.text;
    return rewritePieces(pieces, (rewriter, start, end) => writeByteLevel(rewriter, text, start, end));
  }
}

function withPrefixSpace(pieces: Pieces): Pieces {
  const { text } = pieces.text;
  if (pieces.starts.every((start) => text[start] === " ")) return pieces;
  return rewritePieces(pieces, (rewriter, start, end) => {
    if (text[start] !== " ") rewriter.put(" ", start);
    rewriter.copy(start, end);
  });
}

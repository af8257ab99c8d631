import type { NormalizedText } from "./normalized-text.ts";

/**
 * A normalized text cut into pieces: ranges of `text` in UTF-16 units, in order, none empty. What lies between two
 * pieces is dropped (whitespace, most often).
 */
export class Pieces {
  readonly text: NormalizedText;
  readonly starts: number[] = [];
  readonly ends: number[] = [];

  constructor(text: NormalizedText) {
    this.text = text;
  }

  /** The whole text as one piece; no piece when it is empty. */
  static whole(text: NormalizedText): Pieces {
    const pieces = new Pieces(text);
    pieces.push(0, text.text.length);
    return pieces;
  }

  get length(): number {
    return this.starts.length;
  }

  /** Appends a piece, unless it is empty. */
  push(start: number, end: number): void {
    if (start >= end) return;
    this.starts.push(start);
    this.ends.push(end);
  }
}

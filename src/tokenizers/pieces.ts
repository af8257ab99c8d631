import type { NormalizedText } from "./normalized-text.ts";

/**
 * A normalized text cut into pieces: ranges of `text` in UTF-16 units, in order, none empty. What lies between two
 * pieces is dropped (whitespace, most often).
 */
export class Pieces {
  readonly text: NormalizedText;
  starts = new Int32Array(32);
  ends = new Int32Array(32);
  length = 0;

  constructor(text: NormalizedText) {
    this.text = text;
  }

  /** The whole text as one piece; no piece when it is empty. */
  static whole(text: NormalizedText): Pieces {
    const pieces = new Pieces(text);
    pieces.push(0, text.text.length);
    return pieces;
  }

  /** Appends a piece, unless it is empty. */
  push(start: number, end: number): void {
    if (start >= end) return;
    if (this.length === this.starts.length) this.grow();
    this.starts[this.length] = start;
    this.ends[this.length] = end;
    this.length++;
  }

  private grow(): void {
    const [starts, ends] = [this.starts, this.ends];
    this.starts = new Int32Array(starts.length * 2);
    this.ends = new Int32Array(starts.length * 2);
    this.starts.set(starts);
    this.ends.set(ends);
  }
}

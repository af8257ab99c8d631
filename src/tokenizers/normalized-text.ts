/**
 * A stretch of the caller's text after some normalization, with the way back: every UTF-16 unit of `text` knows the
 * range of the original that it came from. Originals are well formed (no lone surrogates).
 *
 * While unit i still comes from unit i (nothing done, ASCII lower-cased, ...) no arrays are kept; `starts` and `ends`
 * appear with the first change that moves units. A `TextRewriter` makes the next state.
 */
export class NormalizedText {
  readonly text: string;
  /** Where the original stretch begins in the caller's text, in UTF-16 units. */
  readonly base: number;
  /** Original range of each unit, relative to `base`; undefined means the identity. Both are given or none. */
  readonly starts: Int32Array | undefined;
  readonly ends: Int32Array | undefined;

  constructor(text: string, base = 0, starts?: Int32Array, ends?: Int32Array) {
    this.text = text;
    this.base = base;
    this.starts = starts;
    this.ends = ends;
  }

  /** Where the unit at `index` begins in the caller's text. */
  originalStart(index: number): number {
    return this.base + (this.starts === undefined ? index : this.starts[index]!);
  }

  /** Where a range that ends before `index` (at least 1) ends in the caller's text. */
  originalEnd(index: number): number {
    return this.base + (this.ends === undefined ? index : this.ends[index - 1]!);
  }

  /** Another text whose unit i stands for what unit i of this one stands for. */
  withSameUnits(text: string): NormalizedText {
    return new NormalizedText(text, this.base, this.starts, this.ends);
  }
}

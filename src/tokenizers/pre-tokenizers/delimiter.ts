import { Pieces } from "../pieces.ts";

/** What becomes of the delimiters that a text is cut at; for "-" in "the-final--count": */
export type DelimiterBehavior =
  /** the, final, count */
  | "removed"
  /** the, -, final, -, -, count */
  | "isolated"
  /** the-, final-, -, count */
  | "merged-with-previous"
  /** the, -final, -, -count */
  | "merged-with-next"
  /** the, -, final, --, count */
  | "contiguous";

/** Reports the delimiters of one piece, in order: ranges of `piece` that do not overlap. */
export type FindDelimiters = (piece: string, found: (start: number, end: number) => void) => void;

/**
 * Cuts every piece at its delimiters.
 *
 * @param inverts - what `find` reports are no delimiters, but what lies between any two of them is one. Default false.
 */
export function splitAtDelimiters(
  pieces: Pieces,
  find: FindDelimiters,
  behavior: DelimiterBehavior,
  inverts = false,
): Pieces {
  const { text } = pieces.text;
  const out = new Pieces(pieces.text);
  const cutter = inverts ? new InvertedCutter(cutters[behavior](out)) : cutters[behavior](out);
  for (let i = 0; i < pieces.length; i++) {
    const start = pieces.starts[i]!;
    const end = pieces.ends[i]!;
    let last = start;
    find(text.slice(start, end), (from, to) => {
      if (start + from > last) cutter.between(last, start + from);
      cutter.delimiter(start + from, start + to);
      last = start + to;
    });
    if (last < end) cutter.between(last, end);
    cutter.finish();
  }
  return out;
}

/** Takes the parts of one piece in order and writes out new pieces. */
interface Cutter {
  between(start: number, end: number): void;
  delimiter(start: number, end: number): void;
  /** The piece is complete. */
  finish(): void;
}

const cutters: Record<DelimiterBehavior, (out: Pieces) => Cutter> = {
  removed: (out) => ({
    between: (start, end) => out.push(start, end),
    delimiter: () => {},
    finish: () => {},
  }),
  isolated: (out) => ({
    between: (start, end) => out.push(start, end),
    delimiter: (start, end) => out.push(start, end),
    finish: () => {},
  }),
  contiguous: (out) => new MergingCutter(out, (delimiter, lastDelimiter) => delimiter === lastDelimiter),
  "merged-with-previous": (out) => new MergingCutter(out, (delimiter, lastDelimiter) => delimiter && !lastDelimiter),
  "merged-with-next": (out) => new MergingCutter(out, (delimiter, lastDelimiter) => !delimiter && lastDelimiter),
};

/** Joins a part to the one before it where `joins` says so. */
class MergingCutter implements Cutter {
  private readonly out: Pieces;
  private readonly joins: (isDelimiter: boolean, wasDelimiter: boolean) => boolean;
  private start = -1;
  private end = -1;
  private wasDelimiter = false;

  constructor(out: Pieces, joins: (isDelimiter: boolean, wasDelimiter: boolean) => boolean) {
    this.out = out;
    this.joins = joins;
  }

  between(start: number, end: number): void {
    this.add(start, end, false);
  }

  delimiter(start: number, end: number): void {
    this.add(start, end, true);
  }

  finish(): void {
    if (this.start >= 0) this.out.push(this.start, this.end);
    this.start = -1;
  }

  private add(start: number, end: number, isDelimiter: boolean): void {
    if (this.start >= 0 && this.joins(isDelimiter, this.wasDelimiter)) {
      this.end = end;
    } else {
      this.finish();
      this.start = start;
      this.end = end;
    }
    this.wasDelimiter = isDelimiter;
  }
}

/** Takes delimiters for what lies between, and the other way round. */
class InvertedCutter implements Cutter {
  private readonly cutter: Cutter;

  constructor(cutter: Cutter) {
    this.cutter = cutter;
  }

  between(start: number, end: number): void {
    this.cutter.delimiter(start, end);
  }

  delimiter(start: number, end: number): void {
    this.cutter.between(start, end);
  }

  finish(): void {
    this.cutter.finish();
  }
}

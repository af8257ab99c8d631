import type { ShortTexts } from "./short-texts.ts";

export interface SortedSuffixes {
  /** Where each suffix begins, in the order of their beginnings. */
  readonly suffixes: Int32Array;
  /** By unit: where its text ends. */
  readonly ends: Int32Array;
}

/** Ranges this short are sorted by insertion. */
const SHORT = 8;

/** Units of the suffix at `at` that count. */
export function suffixLength(at: number, ends: Int32Array, longest: number): number {
  return Math.min(longest, ends[at]! - at);
}

/**
 * The suffixes of all texts, sorted by their first `longest` units; those that do not differ there in no matter what
 * order, the same each time. Quicksort with three parts, by one unit at a time.
 *
 * Source: Bentley and Sedgewick 1997, "Fast algorithms for sorting and searching strings".
 */
export function sortSuffixes(texts: ShortTexts, longest: number): SortedSuffixes {
  const ends = new Int32Array(texts.length);
  const suffixes = new Int32Array(texts.length);
  let count = 0;
  for (let text = 0; text < texts.size; text++) {
    const [start, end] = [texts.starts[text]!, texts.starts[text + 1]!];
    for (let at = start; at < end; at++) {
      ends[at] = end;
      if ((texts.units[at]! & 0xfc00) !== 0xdc00) suffixes[count++] = at;
    }
  }
  const sorter = new SuffixSorter(texts.units, ends, suffixes, longest);
  sorter.sort(0, count, 0);
  return { suffixes: suffixes.subarray(0, count), ends };
}

class SuffixSorter {
  private readonly units: Uint16Array;
  private readonly ends: Int32Array;
  private readonly suffixes: Int32Array;
  private readonly longest: number;

  constructor(units: Uint16Array, ends: Int32Array, suffixes: Int32Array, longest: number) {
    this.units = units;
    this.ends = ends;
    this.suffixes = suffixes;
    this.longest = longest;
  }

  /** Sorts [from, to), whose suffixes share their first `depth` units. Calls itself for the two smaller parts only. */
  sort(from: number, to: number, depth: number): void {
    const { suffixes } = this;
    while (to - from > SHORT && depth < this.longest) {
      const pivot = this.middle(from, to, depth);
      let [low, high] = [from, to];
      for (let i = from; i < high; ) {
        const unit = this.unitAt(suffixes[i]!, depth);
        if (unit < pivot) this.swap(low++, i++);
        else if (unit > pivot) this.swap(--high, i);
        else i++;
      }
      const goesOn = pivot >= 0;
      const parts: [number, number, number][] = [
        [from, low, depth],
        [low, goesOn ? high : low, depth + 1],
        [high, to, depth],
      ];
      parts.sort((a, b) => a[1] - a[0] - (b[1] - b[0]));
      this.sort(...parts[0]!);
      this.sort(...parts[1]!);
      [from, to, depth] = parts[2]!;
    }
    if (depth < this.longest) this.insert(from, to, depth);
  }

  private insert(from: number, to: number, depth: number): void {
    const { suffixes } = this;
    for (let i = from + 1; i < to; i++) {
      const suffix = suffixes[i]!;
      let at = i;
      while (at > from && this.isBefore(suffix, suffixes[at - 1]!, depth)) {
        suffixes[at] = suffixes[at - 1]!;
        at--;
      }
      suffixes[at] = suffix;
    }
  }

  private isBefore(a: number, b: number, depth: number): boolean {
    for (; depth < this.longest; depth++) {
      const [x, y] = [this.unitAt(a, depth), this.unitAt(b, depth)];
      if (x !== y) return x < y;
      if (x < 0) return false;
    }
    return false;
  }

  /** -1 after the end. */
  private unitAt(suffix: number, depth: number): number {
    const at = suffix + depth;
    return at < this.ends[suffix]! ? this.units[at]! : -1;
  }

  /** The median of first, middle and last. */
  private middle(from: number, to: number, depth: number): number {
    const a = this.unitAt(this.suffixes[from]!, depth);
    const b = this.unitAt(this.suffixes[(from + to) >> 1]!, depth);
    const c = this.unitAt(this.suffixes[to - 1]!, depth);
    return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  }

  private swap(a: number, b: number): void {
    const { suffixes } = this;
    const kept = suffixes[a]!;
    suffixes[a] = suffixes[b]!;
    suffixes[b] = kept;
  }
}

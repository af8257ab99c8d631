import { grown } from "./growing-arrays.ts";

/** A binary heap of pairs: `pop` gives the most frequent first and, of equally frequent ones, that of the lowest ids. */
export class PairHeap {
  private counts = new Float64Array(2 ** 12);
  private pairs = new Int32Array(2 ** 12);
  private lefts = new Int32Array(2 ** 12);
  private rights = new Int32Array(2 ** 12);
  private length = 0;
  /** What `pop` took last: the pair, and its count when it was pushed. */
  pair = 0;
  count = 0;

  push(pair: number, count: number, left: number, right: number): void {
    const at = this.length++;
    this.counts = grown(this.counts, this.length);
    this.pairs = grown(this.pairs, this.length);
    this.lefts = grown(this.lefts, this.length);
    this.rights = grown(this.rights, this.length);
    let place = at;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.isBefore(count, left, right, parent)) break;
      this.copy(parent, place);
      place = parent;
    }
    this.put(place, pair, count, left, right);
  }

  /** Takes the first pair into `pair` and `count`; false when none is left. */
  pop(): boolean {
    if (this.length === 0) return false;
    this.pair = this.pairs[0]!;
    this.count = this.counts[0]!;
    const last = --this.length;
    const [pair, count, left, right] = [this.pairs[last]!, this.counts[last]!, this.lefts[last]!, this.rights[last]!];
    let place = 0;
    for (let child = 1; child < last; child = 2 * place + 1) {
      const other = child + 1;
      if (other < last && this.isBefore(this.counts[other]!, this.lefts[other]!, this.rights[other]!, child))
        child = other;
      if (this.isBefore(count, left, right, child)) break;
      this.copy(child, place);
      place = child;
    }
    this.put(place, pair, count, left, right);
    return true;
  }

  private isBefore(count: number, left: number, right: number, place: number): boolean {
    const difference = count - this.counts[place]!;
    if (difference !== 0) return difference > 0;
    return left !== this.lefts[place]! ? left < this.lefts[place]! : right < this.rights[place]!;
  }

  private copy(from: number, to: number): void {
    this.put(to, this.pairs[from]!, this.counts[from]!, this.lefts[from]!, this.rights[from]!);
  }

  private put(place: number, pair: number, count: number, left: number, right: number): void {
    this.pairs[place] = pair;
    this.counts[place] = count;
    this.lefts[place] = left;
    this.rights[place] = right;
  }
}

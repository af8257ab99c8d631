import { PairMap } from "../pair-map.ts";
import { grown } from "./growing-arrays.ts";
import { PairHeap } from "./pair-heap.ts";
import { BREAK } from "./spell-words.ts";

const NONE = -1;
/** In the place of a symbol that was merged into the one before it. */
const GONE = -2;

/**
 * The pairs of neighbours in many words, with how often each comes and where. A merge visits only the places of its pair
 * and corrects the counts of their neighbours, so that all merges together take little more than reading the words.
 */
export class SymbolPairs {
  /** The pair that `takeMostFrequent` took last. */
  left = 0;
  right = 0;
  private taken = NONE;
  private readonly symbols: Int32Array;
  private readonly words: Int32Array;
  private readonly weights: Float64Array;
  private readonly previous: Int32Array;
  private readonly next: Int32Array;
  private readonly numbers = new PairMap(2 ** 16);
  private readonly heap = new PairHeap();
  /** By pair: what it is of, how often it comes, its newest place. */
  private lefts = new Int32Array(2 ** 12);
  private rights = new Int32Array(2 ** 12);
  private counts = new Float64Array(2 ** 12);
  private newest = new Int32Array(2 ** 12);
  /** Places as linked lists; some are out of date and found to be so when they are visited. */
  private places = new Int32Array(2 ** 14);
  private older = new Int32Array(2 ** 14);
  private placeCount = 0;
  /** Pairs that the merge under way made more frequent. */
  private readonly risen = new Set<number>();

  /** @param symbols - begin and end with `BREAK`; they are written to. @param weights - how often each word comes. */
  constructor(symbols: Int32Array, words: Int32Array, weights: Float64Array) {
    this.symbols = symbols;
    this.words = words;
    this.weights = weights;
    this.previous = new Int32Array(symbols.length);
    this.next = new Int32Array(symbols.length);
    for (let at = 0; at < symbols.length; at++) {
      this.previous[at] = at - 1;
      this.next[at] = at + 1;
    }
    for (let at = 1; at + 1 < symbols.length; at++) {
      if (symbols[at] !== BREAK && symbols[at + 1] !== BREAK) this.rise(at, at + 1, weights[words[at]!]!);
    }
    this.offerRisen();
  }

  /** Takes the most frequent pair into `left` and `right`; false when none comes `least` times. */
  takeMostFrequent(least: number): boolean {
    while (this.heap.pop()) {
      const { pair, count } = this.heap;
      const current = this.counts[pair]!;
      if (current !== count) {
        if (current >= Math.max(1, least)) this.heap.push(pair, current, this.lefts[pair]!, this.rights[pair]!);
        continue;
      }
      if (count < Math.max(1, least)) return false;
      this.taken = pair;
      this.left = this.lefts[pair]!;
      this.right = this.rights[pair]!;
      return true;
    }
    return false;
  }

  /** Puts a symbol in the place of the pair that was taken, everywhere, in each word from left to right. */
  merge(symbol: number): void {
    const { symbols, words, weights, previous, next, taken, left, right } = this;
    const places = this.placesOf(taken);
    for (let i = 0; i < places.length; i++) {
      const at = places[i]!;
      const second = next[at]!;
      if (symbols[at] !== left || symbols[second] !== right) continue;
      const weight = weights[words[at]!]!;
      const before = previous[at]!;
      const after = next[second]!;
      if (symbols[before] !== BREAK) this.fall(before, at, weight);
      if (symbols[after] !== BREAK) this.fall(second, after, weight);
      symbols[at] = symbol;
      symbols[second] = GONE;
      next[at] = after;
      previous[after] = at;
      if (symbols[before] !== BREAK) this.rise(before, at, weight);
      if (symbols[after] !== BREAK) this.rise(at, after, weight);
    }
    this.counts[taken] = 0;
    this.offerRisen();
  }

  /** Ascending, so that of overlapping pairs the first is merged. */
  private placesOf(pair: number): Int32Array {
    let count = 0;
    for (let entry = this.newest[pair]!; entry !== NONE; entry = this.older[entry]!) count++;
    const places = new Int32Array(count);
    for (let entry = this.newest[pair]!; entry !== NONE; entry = this.older[entry]!)
      places[--count] = this.places[entry]!;
    this.newest[pair] = NONE;
    return places.sort();
  }

  private rise(at: number, second: number, weight: number): void {
    const pair = this.numberOf(this.symbols[at]!, this.symbols[second]!);
    this.counts[pair]! += weight;
    const entry = this.placeCount++;
    this.places = grown(this.places, this.placeCount);
    this.older = grown(this.older, this.placeCount);
    this.places[entry] = at;
    this.older[entry] = this.newest[pair]!;
    this.newest[pair] = entry;
    this.risen.add(pair);
  }

  private fall(at: number, second: number, weight: number): void {
    const pair = this.numbers.get(this.symbols[at]!, this.symbols[second]!);
    this.counts[pair]! -= weight;
  }

  private numberOf(left: number, right: number): number {
    let pair = this.numbers.get(left, right);
    if (pair >= 0) return pair;
    pair = this.numbers.size;
    this.numbers.set(left, right, pair);
    this.lefts = grown(this.lefts, pair + 1);
    this.rights = grown(this.rights, pair + 1);
    this.counts = grown(this.counts, pair + 1);
    this.newest = grown(this.newest, pair + 1);
    this.lefts[pair] = left;
    this.rights[pair] = right;
    this.newest[pair] = NONE;
    return pair;
  }

  private offerRisen(): void {
    for (const pair of this.risen) this.heap.push(pair, this.counts[pair]!, this.lefts[pair]!, this.rights[pair]!);
    this.risen.clear();
  }
}

import { grown } from "./growing-arrays.ts";

export interface StringCountsOptions {
  /** Most different strings that are held; beyond, the rarest are dropped. Default 4,194,304. */
  maxStrings?: number;
  /** Most UTF-16 units that are held. Default 268,435,456. */
  maxUnits?: number;
}

const DEFAULT_MAX_STRINGS = 2 ** 22;
const DEFAULT_MAX_UNITS = 2 ** 28;

/**
 * How often each of many strings came, in the order of their first coming. A hash table over plain numbers: millions of
 * words take a fifth of what a Map takes. Bounded: when it is full, strings seen once are dropped, then those seen twice,
 * and so on until half is free, at the same moments whenever the same strings come in the same order.
 */
export class StringCounts {
  /** UTF-16 units of all strings, one after another. */
  units = new Uint16Array(2 ** 12);
  /** By string: where its units begin. One more than there are strings. */
  starts = new Int32Array(2 ** 10);
  counts = new Float64Array(2 ** 10);
  size = 0;
  /** Sum of the counts of strings that were dropped. */
  dropped = 0;
  private hashes = new Int32Array(2 ** 10);
  /** String numbers from 1; 0 is free. */
  private slots = new Int32Array(2 ** 11);
  private readonly maxStrings: number;
  private readonly maxUnits: number;

  constructor({ maxStrings = DEFAULT_MAX_STRINGS, maxUnits = DEFAULT_MAX_UNITS }: StringCountsOptions = {}) {
    this.maxStrings = maxStrings;
    this.maxUnits = maxUnits;
  }

  /** Adds `count` to the string that stands at [start, end) of `text` and has this hash (`hashOf`). */
  add(text: string, start: number, end: number, hash: number, count: number): void {
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (; this.slots[slot] !== 0; slot = (slot + 1) & mask) {
      const at = this.slots[slot]! - 1;
      if (this.hashes[at] === hash && this.isAt(at, text, start, end)) {
        this.counts[at]! += count;
        return;
      }
    }
    this.insert(text, start, end, hash, count);
  }

  /** The string numbered `index`. */
  textOf(index: number): string {
    const [start, end] = [this.starts[index]!, this.starts[index + 1]!];
    let text = "";
    for (let at = start; at < end; at += 4096) {
      text += String.fromCharCode(...this.units.subarray(at, Math.min(end, at + 4096)));
    }
    return text;
  }

  private isAt(index: number, text: string, start: number, end: number): boolean {
    const from = this.starts[index]!;
    if (this.starts[index + 1]! - from !== end - start) return false;
    const { units } = this;
    for (let i = start, at = from; i < end; i++, at++) if (units[at] !== text.charCodeAt(i)) return false;
    return true;
  }

  private insert(text: string, start: number, end: number, hash: number, count: number): void {
    if (this.size >= this.maxStrings || this.starts[this.size]! + end - start > this.maxUnits) this.drop();
    const index = this.size++;
    let at = this.starts[index]!;
    this.units = grown(this.units, at + end - start);
    this.starts = grown(this.starts, index + 2);
    this.counts = grown(this.counts, index + 1);
    this.hashes = grown(this.hashes, index + 1);
    for (let i = start; i < end; i++) this.units[at++] = text.charCodeAt(i);
    this.starts[index + 1] = at;
    this.counts[index] = count;
    this.hashes[index] = hash;
    if (this.size * 2 > this.slots.length) this.rebuild(this.slots.length * 2);
    else this.occupy(index);
  }

  private occupy(index: number): void {
    const mask = this.slots.length - 1;
    let slot = this.hashes[index]! & mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = index + 1;
  }

  private rebuild(slots: number): void {
    this.slots = new Int32Array(slots);
    for (let index = 0; index < this.size; index++) this.occupy(index);
  }

  /** Drops the rarest strings until at most half of what is allowed is left. */
  private drop(): void {
    const [strings, units] = [this.size, this.starts[this.size]!];
    for (let limit = 1; this.size * 2 > strings || this.starts[this.size]! * 2 > units; limit++) this.keepAbove(limit);
    this.rebuild(this.slots.length);
  }

  private keepAbove(limit: number): void {
    let kept = 0;
    for (let index = 0; index < this.size; index++) {
      if (this.counts[index]! <= limit) {
        this.dropped += this.counts[index]!;
        continue;
      }
      const [from, to] = [this.starts[index]!, this.starts[index + 1]!];
      const target = this.starts[kept]!;
      this.units.copyWithin(target, from, to);
      this.counts[kept] = this.counts[index]!;
      this.hashes[kept] = this.hashes[index]!;
      this.starts[++kept] = target + to - from;
    }
    this.size = kept;
  }
}

/** The hash of units [start, end) of a text: FNV-1a over UTF-16 units, its high bits folded down. */
export function hashOf(text: string, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash ^ (hash >>> 15);
}

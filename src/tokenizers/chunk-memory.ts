import type { Chunk } from "./chunks.ts";
import { END, ID, START, TOKEN_NUMBERS, type TokenSequence, WORD } from "./token-sequence.ts";

/** Longer chunks hardly come back. UTF-16 units. */
const LONGEST_CHUNK = 48;

const MAX_CHUNKS = 1 << 16;
const MAX_NUMBERS = 1 << 20;

/** Slots tried before a chunk counts as unknown: text made to collide costs no more than this. */
const MAX_PROBES = 8;

/** Numbers of an entry before its tokens. */
const HEADER = 4;

/**
 * What chunks of text came to: tokens with ranges and word numbers relative to the chunk. A hash table over plain
 * numbers, which spares making a string of every chunk to look it up. Bounded (about 12 MB); starts afresh when full.
 */
export class ChunkMemory {
  /** Entry numbers from 1; 0 is free. */
  private slots = new Int32Array(1 << 10);
  /** By entry: where its units and its numbers begin. */
  private readonly places: number[] = [];
  private readonly keys: number[] = [];
  private units = new Uint16Array(1 << 12);
  private unitCount = 0;
  /** By entry: hash, length (negative where the chunk begins the text), tokens, words; then the tokens as `TokenSequence` has them. */
  private numbers = new Int32Array(1 << 12);
  private numberCount = 0;

  /** Appends the tokens of a chunk that stands at `base` in the whole text; false when it is not known. */
  recall(text: string, chunk: Chunk, base: number, out: TokenSequence): boolean {
    const entry = this.find(text, chunk, base);
    if (entry < 0) return false;
    const { numbers } = this;
    const place = this.places[entry]!;
    const count = numbers[place + 2]!;
    out.reserve(out.length + count);
    const { data, wordCount } = out;
    let to = out.length * TOKEN_NUMBERS;
    const from = place + HEADER;
    for (let at = from; at < from + count * TOKEN_NUMBERS; at += TOKEN_NUMBERS, to += TOKEN_NUMBERS) {
      data[to + ID] = numbers[at + ID]!;
      data[to + START] = base + numbers[at + START]!;
      data[to + END] = base + numbers[at + END]!;
      data[to + WORD] = wordCount + numbers[at + WORD]!;
    }
    out.length += count;
    out.wordCount = wordCount + numbers[place + 3]!;
    return true;
  }

  /** Remembers the tokens of `out` from `first` on, in words from `firstWord` on, as those of the chunk. */
  remember(text: string, chunk: Chunk, base: number, out: TokenSequence, first: number, firstWord: number): void {
    const length = chunk.end - chunk.start;
    if (length > LONGEST_CHUNK) return;
    const count = out.length - first;
    this.makeRoom(HEADER + count * TOKEN_NUMBERS, length);
    let at = this.numberCount;
    const { numbers, units } = this;
    this.places.push(at);
    this.keys.push(this.unitCount);
    for (let i = chunk.start; i < chunk.end; i++) units[this.unitCount++] = text.charCodeAt(i);
    numbers[at++] = chunk.hash;
    numbers[at++] = base === 0 ? -length : length;
    numbers[at++] = count;
    numbers[at++] = out.wordCount - firstWord;
    const { data } = out;
    for (let from = first * TOKEN_NUMBERS; from < out.length * TOKEN_NUMBERS; from += TOKEN_NUMBERS) {
      numbers[at++] = data[from + ID]!;
      numbers[at++] = data[from + START]! - base;
      numbers[at++] = data[from + END]! - base;
      numbers[at++] = data[from + WORD]! - firstWord;
    }
    this.numberCount = at;
    this.occupy(chunk.hash, this.places.length);
  }

  private find(text: string, { start, end, hash }: Chunk, base: number): number {
    const { slots, numbers, units } = this;
    const length = base === 0 ? start - end : end - start;
    if (end - start > LONGEST_CHUNK) return -1;
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const entry = slots[(hash + probe) & (slots.length - 1)]! - 1;
      if (entry < 0) return -1;
      const place = this.places[entry]!;
      if (numbers[place] !== hash || numbers[place + 1] !== length) continue;
      const at = this.keys[entry]! - start;
      let i = start;
      while (i < end && units[at + i] === text.charCodeAt(i)) i++;
      if (i === end) return entry;
    }
    return -1;
  }

  private occupy(hash: number, entryNumber: number): void {
    const mask = this.slots.length - 1;
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const slot = (hash + probe) & mask;
      if (this.slots[slot] === 0) {
        this.slots[slot] = entryNumber;
        return;
      }
    }
  }

  private makeRoom(numbers: number, units: number): void {
    if (this.places.length >= MAX_CHUNKS || this.numberCount + numbers > MAX_NUMBERS) {
      this.places.length = this.keys.length = 0;
      this.numberCount = this.unitCount = 0;
      this.slots.fill(0);
    }
    if (this.numberCount + numbers > this.numbers.length) {
      const larger = new Int32Array(Math.max(this.numberCount + numbers, this.numbers.length * 2));
      larger.set(this.numbers);
      this.numbers = larger;
    }
    if (this.unitCount + units > this.units.length) {
      const larger = new Uint16Array(this.units.length * 2);
      larger.set(this.units);
      this.units = larger;
    }
    if (this.places.length * 2 >= this.slots.length) {
      this.slots = new Int32Array(this.slots.length * 2);
      this.places.forEach((place, entry) => {
        this.occupy(this.numbers[place]!, entry + 1);
      });
    }
  }
}

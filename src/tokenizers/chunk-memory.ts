import type { TokenSequence } from "./token-sequence.ts";

/** Longer chunks hardly come back. UTF-16 units. */
export const LONGEST_REMEMBERED = 48;

const MAX_CHUNKS = 1 << 16;
const MAX_NUMBERS = 1 << 20;

/**
 * What chunks of text came to: tokens with ranges and word numbers relative to the chunk. Bounded (about 12 MB); starts
 * afresh when it is full. An entry is a run of numbers: tokens, words, then id, start, end and word of each token.
 */
export class ChunkMemory {
  private readonly places = new Map<string, number>();
  private numbers = new Int32Array(1 << 12);
  private used = 0;

  /** Appends the tokens of a remembered chunk that begins at `base`; false when it is not known. */
  recall(chunk: string, base: number, out: TokenSequence): boolean {
    const place = this.places.get(chunk);
    if (place === undefined) return false;
    const { numbers } = this;
    const count = numbers[place]!;
    const { length, wordCount } = out;
    out.reserve(length + count);
    const { ids, starts, ends, words } = out;
    for (let i = 0, at = place + 2; i < count; i++, at += 4) {
      ids[length + i] = numbers[at]!;
      starts[length + i] = base + numbers[at + 1]!;
      ends[length + i] = base + numbers[at + 2]!;
      words[length + i] = wordCount + numbers[at + 3]!;
    }
    out.length = length + count;
    out.wordCount = wordCount + numbers[place + 1]!;
    return true;
  }

  /** Remembers the tokens of `out` from `first` on as those of the chunk that begins at `base`. */
  remember(chunk: string, base: number, out: TokenSequence, first: number, firstWord: number): void {
    const count = out.length - first;
    this.makeRoom(2 + count * 4);
    let at = this.used;
    this.places.set(chunk, at);
    this.numbers[at++] = count;
    this.numbers[at++] = out.wordCount - firstWord;
    for (let i = first; i < out.length; i++) {
      this.numbers[at++] = out.ids[i]!;
      this.numbers[at++] = out.starts[i]! - base;
      this.numbers[at++] = out.ends[i]! - base;
      this.numbers[at++] = out.words[i]! - firstWord;
    }
    this.used = at;
  }

  private makeRoom(needed: number): void {
    if (this.places.size >= MAX_CHUNKS || this.used + needed > MAX_NUMBERS) {
      this.places.clear();
      this.used = 0;
    }
    if (this.used + needed > this.numbers.length) {
      const larger = new Int32Array(Math.max(this.used + needed, this.numbers.length * 2));
      larger.set(this.numbers);
      this.numbers = larger;
    }
  }
}

/** Numbers of each token in `TokenSequence.data`, and where they stand. */
export const TOKEN_NUMBERS = 4;
export const ID = 0;
export const START = 1;
export const END = 2;
export const WORD = 3;

/**
 * The tokens of one text before special tokens are set around them. `data` holds four numbers a token, one after the
 * other: id, UTF-16 range `[start, end)` in the text, number of its word. It grows; only `length` tokens count.
 */
export class TokenSequence {
  data = new Int32Array(64 * TOKEN_NUMBERS);
  length = 0;
  /** Words so far; the next one gets this number. */
  wordCount = 0;

  push(id: number, start: number, end: number, word: number): void {
    this.reserve(this.length + 1);
    const at = this.length * TOKEN_NUMBERS;
    this.data[at + ID] = id;
    this.data[at + START] = start;
    this.data[at + END] = end;
    this.data[at + WORD] = word;
    this.length++;
  }

  /** Makes room for `capacity` tokens in all. */
  reserve(capacity: number): void {
    if (capacity * TOKEN_NUMBERS <= this.data.length) return;
    const larger = new Int32Array(Math.max(capacity * TOKEN_NUMBERS, this.data.length * 2));
    larger.set(this.data);
    this.data = larger;
  }

  /** Where a token ends in the text. */
  endOf(index: number): number {
    return this.data[index * TOKEN_NUMBERS + END]!;
  }

  clear(): void {
    this.length = 0;
    this.wordCount = 0;
  }
}

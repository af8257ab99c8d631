const INITIAL_CAPACITY = 64;

/**
 * The tokens of one text before special tokens are set around them: ids, UTF-16 ranges in the text, and the number of
 * the word that each belongs to. Arrays grow; only the first `length` entries count.
 */
export class TokenSequence {
  ids = new Int32Array(INITIAL_CAPACITY);
  starts = new Int32Array(INITIAL_CAPACITY);
  ends = new Int32Array(INITIAL_CAPACITY);
  words = new Int32Array(INITIAL_CAPACITY);
  length = 0;
  /** Words so far; the next one gets this number. */
  wordCount = 0;

  push(id: number, start: number, end: number, word: number): void {
    const at = this.length;
    if (at === this.ids.length) this.reserve(at + 1);
    this.ids[at] = id;
    this.starts[at] = start;
    this.ends[at] = end;
    this.words[at] = word;
    this.length = at + 1;
  }

  /** Makes room for `capacity` tokens in all. */
  reserve(capacity: number): void {
    if (capacity <= this.ids.length) return;
    const larger = Math.max(capacity, this.ids.length * 2);
    this.ids = enlarged(this.ids, larger);
    this.starts = enlarged(this.starts, larger);
    this.ends = enlarged(this.ends, larger);
    this.words = enlarged(this.words, larger);
  }

  clear(): void {
    this.length = 0;
    this.wordCount = 0;
  }
}

function enlarged(values: Int32Array<ArrayBuffer>, capacity: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity);
  larger.set(values);
  return larger;
}

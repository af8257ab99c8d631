/** Ranks and positions share one double: 2^53 = 2^21 ranks x 2^32 positions. */
const POSITIONS = 2 ** 32;

/** Merges that a `MergeQueue` can tell apart. */
export const MAX_MERGES = 2 ** 21;

/**
 * A binary heap of candidate merges: `pop` gives the lowest rank first and, among equal ranks, the leftmost position.
 * Positions are below 2^32.
 */
export class MergeQueue {
  private keys = new Float64Array(64);
  private length = 0;
  /** Rank and position of what `pop` took last. */
  rank = 0;
  position = 0;

  push(rank: number, position: number): void {
    if (this.length === this.keys.length) {
      const larger = new Float64Array(this.length * 2);
      larger.set(this.keys);
      this.keys = larger;
    }
    this.rise(this.length++, rank * POSITIONS + position);
  }

  /** Takes the first candidate into `rank` and `position`; false when none is left. */
  pop(): boolean {
    if (this.length === 0) return false;
    const { keys } = this;
    const first = keys[0]!;
    this.rank = Math.floor(first / POSITIONS);
    this.position = first - this.rank * POSITIONS;
    const last = keys[--this.length]!;
    if (this.length > 0) this.sink(last);
    return true;
  }

  private rise(from: number, key: number): void {
    const { keys } = this;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (keys[parent]! <= key) break;
      keys[at] = keys[parent]!;
      at = parent;
    }
    keys[at] = key;
  }

  private sink(key: number): void {
    const { keys, length } = this;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && keys[child + 1]! < keys[child]!) child++;
      if (key <= keys[child]!) break;
      keys[at] = keys[child]!;
      at = child;
    }
    keys[at] = key;
  }
}

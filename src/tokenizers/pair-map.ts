const ENTRY = 3;
const EMPTY = -1;

/**
 * A map from two non-negative 32-bit integers to a third: open addressing with linear probing in one Int32Array, which for
 * the millions of look-ups of a tokenizer is several times faster than a Map with composed keys and holds no objects.
 */
export class PairMap {
  private table: Int32Array<ArrayBuffer>;
  private mask: number;
  private used = 0;

  /** `expected`: how many pairs are to come, so that the table need not grow. */
  constructor(expected = 0) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, expected * 2)));
    this.table = new Int32Array(slots * ENTRY).fill(EMPTY);
    this.mask = slots - 1;
  }

  get size(): number {
    return this.used;
  }

  /** The value of a pair, or -1. */
  get(first: number, second: number): number {
    const { table, mask } = this;
    for (let slot = hash(first, second) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * ENTRY;
      if (table[at] === first && table[at + 1] === second) return table[at + 2]!;
      if (table[at] === EMPTY) return -1;
    }
  }

  /** A pair that is there already gets the new value. */
  set(first: number, second: number, value: number): void {
    if (this.used * 2 > this.mask) this.grow();
    const { table, mask } = this;
    let slot = hash(first, second) & mask;
    while (table[slot * ENTRY] !== EMPTY) {
      if (table[slot * ENTRY] === first && table[slot * ENTRY + 1] === second) break;
      slot = (slot + 1) & mask;
    }
    if (table[slot * ENTRY] === EMPTY) this.used++;
    table[slot * ENTRY] = first;
    table[slot * ENTRY + 1] = second;
    table[slot * ENTRY + 2] = value;
  }

  private grow(): void {
    const old = this.table;
    const slots = (this.mask + 1) * 2;
    this.table = new Int32Array(slots * ENTRY).fill(EMPTY);
    this.mask = slots - 1;
    this.used = 0;
    for (let at = 0; at < old.length; at += ENTRY) {
      if (old[at] !== EMPTY) this.set(old[at]!, old[at + 1]!, old[at + 2]!);
    }
  }
}

/** Multiplies by odd constants and folds the high bits down: neighbouring ids must not land in neighbouring slots. */
function hash(first: number, second: number): number {
  const mixed = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

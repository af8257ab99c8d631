const INITIAL_CAPACITY = 64;

/**
 * Tokens in the order of their text, as parallel arrays that grow: an id and the UTF-16 range `[start, end)` that it covers.
 * Only the first `length` entries count; the arrays are replaced when they grow, so read them again after a `push`.
 */
export class TokenBuffer {
  ids = new Int32Array(INITIAL_CAPACITY);
  starts = new Int32Array(INITIAL_CAPACITY);
  ends = new Int32Array(INITIAL_CAPACITY);
  length = 0;

  push(id: number, start: number, end: number): void {
    const at = this.length;
    if (at === this.ids.length) this.grow();
    this.ids[at] = id;
    this.starts[at] = start;
    this.ends[at] = end;
    this.length = at + 1;
  }

  clear(): void {
    this.length = 0;
  }

  private grow(): void {
    const capacity = this.ids.length * 2;
    this.ids = enlarged(this.ids, capacity);
    this.starts = enlarged(this.starts, capacity);
    this.ends = enlarged(this.ends, capacity);
  }
}

function enlarged(values: Int32Array<ArrayBuffer>, capacity: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity);
  larger.set(values);
  return larger;
}

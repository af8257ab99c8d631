import { NormalizedText } from "./normalized-text.ts";

/**
 * Writes the next state of a `NormalizedText`, left to right, and carries the alignment along. A normalizer that finds
 * nothing to change should not make one.
 */
export class TextRewriter {
  private readonly source: NormalizedText;
  private readonly parts: string[] = [];
  /** A run of source units to be copied as they are, not yet among the parts. */
  private runStart = 0;
  private runEnd = 0;
  /** UTF-16 units written so far. */
  length = 0;
  private starts: Int32Array | undefined;
  private ends: Int32Array | undefined;

  constructor(source: NormalizedText) {
    this.source = source;
    if (source.starts !== undefined) this.reserve(source.text.length);
  }

  /** Copies units [start, end) of the source with their own alignment. */
  copy(start: number, end: number): void {
    if (start >= end) return;
    if (start !== this.runEnd) {
      this.flush();
      this.runStart = start;
    }
    this.runEnd = end;
    if (this.starts === undefined && start !== this.length) this.leaveIdentity();
    if (this.starts !== undefined) this.alignCopy(start, end);
    this.length += end - start;
  }

  /**
   * Writes `text`, aligned with the character at unit `at` of the source: the one it replaces, or for an insertion the
   * one before it. `at` = -1, before the first character, aligns with the empty range at the beginning.
   */
  put(text: string, at: number): void {
    if (text.length === 0) return;
    this.flush();
    this.parts.push(text);
    if (this.starts === undefined && !this.staysIdentity(text.length, at)) this.leaveIdentity();
    if (this.starts !== undefined) this.alignPut(text.length, at);
    this.length += text.length;
  }

  finish(): NormalizedText {
    this.flush();
    return new NormalizedText(
      this.parts.join(""),
      this.source.base,
      this.starts?.subarray(0, this.length),
      this.ends?.subarray(0, this.length),
    );
  }

  private flush(): void {
    if (this.runEnd > this.runStart) this.parts.push(this.source.text.slice(this.runStart, this.runEnd));
    this.runStart = this.runEnd = -1;
  }

  private staysIdentity(units: number, at: number): boolean {
    return at === this.length && units === characterLength(this.source.text, at);
  }

  /** From here on units are moved: writes out the identity that held so far. */
  private leaveIdentity(): void {
    this.reserve(Math.max(this.length, this.source.text.length));
    this.alignIdentity(0, this.length, 0);
  }

  private alignCopy(start: number, end: number): void {
    const { starts, ends } = this.source;
    this.reserve(this.length + end - start);
    if (starts === undefined || ends === undefined) {
      this.alignIdentity(start, end, this.length);
    } else {
      this.starts!.set(starts.subarray(start, end), this.length);
      this.ends!.set(ends.subarray(start, end), this.length);
    }
  }

  private alignIdentity(start: number, end: number, to: number): void {
    const { text } = this.source;
    for (let i = start; i < end; i++) {
      const first = isLowSurrogate(text, i) ? i - 1 : i;
      this.starts![to + i - start] = first;
      this.ends![to + i - start] = first + characterLength(text, first);
    }
  }

  private alignPut(units: number, at: number): void {
    const { source } = this;
    this.reserve(this.length + units);
    let start = 0;
    let end = 0;
    if (at >= 0 && source.starts !== undefined && source.ends !== undefined) {
      start = source.starts[at]!;
      end = source.ends[at]!;
    } else if (at >= 0) {
      start = isLowSurrogate(source.text, at) ? at - 1 : at;
      end = start + characterLength(source.text, start);
    }
    this.starts!.fill(start, this.length, this.length + units);
    this.ends!.fill(end, this.length, this.length + units);
  }

  private reserve(length: number): void {
    const held = this.starts?.length ?? -1;
    if (length <= held) return;
    const capacity = Math.max(length, held * 2);
    this.starts = enlarged(this.starts, capacity);
    this.ends = enlarged(this.ends, capacity);
  }
}

function enlarged(values: Int32Array | undefined, capacity: number): Int32Array {
  const larger = new Int32Array(capacity);
  if (values !== undefined) larger.set(values);
  return larger;
}

function isLowSurrogate(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}

function characterLength(text: string, at: number): number {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800 ? 2 : 1;
}

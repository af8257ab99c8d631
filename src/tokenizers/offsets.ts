/** What ranges in a text count. */
export type OffsetUnit = "utf16" | "codepoints" | "bytes";

/**
 * Positions in a well-formed text, UTF-16 units to `unit`: entry i is where unit i begins; one more entry for the end.
 * Undefined when nothing changes.
 */
export function offsetTable(text: string, unit: OffsetUnit): Int32Array | undefined {
  if (unit === "utf16" || !hasWideCharacter(text, unit === "bytes" ? 0x80 : 0xd800)) return undefined;
  const table = new Int32Array(text.length + 1);
  let position = 0;
  for (let i = 0; i < text.length; i++) {
    table[i] = position;
    const code = text.charCodeAt(i);
    if ((code & 0xfc00) === 0xd800) {
      table[++i] = position; // no range begins within a character
      position += unit === "bytes" ? 4 : 1;
    } else {
      position += unit === "codepoints" || code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
    }
  }
  table[text.length] = position;
  return table;
}

function hasWideCharacter(text: string, from: number): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) >= from) return true;
  }
  return false;
}

/** Turns UTF-16 positions in a text into another unit; in words that were given one by one, positions in the word. */
export class OffsetConverter {
  private readonly text: string | readonly string[];
  private readonly unit: OffsetUnit;
  private readonly tables = new Map<number, Int32Array | undefined>();

  constructor(text: string | readonly string[], unit: OffsetUnit) {
    this.text = text;
    this.unit = unit;
  }

  convert(position: number, word: number): number {
    if (this.unit === "utf16") return position;
    const key = typeof this.text === "string" ? 0 : word;
    if (!this.tables.has(key)) {
      const text = typeof this.text === "string" ? this.text : this.text[word]!;
      this.tables.set(key, offsetTable(text, this.unit));
    }
    return this.tables.get(key)?.[position] ?? position;
  }
}

import { InputError } from "../../errors.ts";
import type { Position, Sequence } from "./sequence.ts";

/** A text of a corpus as tokens, special ones included. */
export interface TokenText {
  readonly ids: Int32Array;
  /** The word of each token, as an encoding has it; -1 for special ones. */
  readonly words?: Int32Array | undefined;
}

/** A row of a corpus, filled with pieces of texts. */
export interface PackedRow {
  /** `[length]` */
  readonly ids: Int32Array;
  /** `[length]`: the word of each token, counted through the row; -1 for special ones. Only where texts have words. */
  readonly words?: Int32Array;
  /**
   * Where each piece begins, and the end: as `offsets` of a batch they keep attention within a text; `[0, length]`
   * instead lets it see the whole row.
   */
  readonly offsets: Int32Array;
}

/** How `packRows` cuts. */
export interface PackOptions {
  /** Tokens of a row. */
  readonly length: number;
}

/**
 * Texts one after another, cut into rows of equal length; what does not fill the last row is left out. A text that is cut
 * goes on in the next row.
 *
 * @throws InputError when the length is not a whole number above 0.
 */
export function packRows(texts: Sequence<TokenText>, { length }: PackOptions): Sequence<PackedRow> {
  if (!Number.isInteger(length) || length < 1) {
    throw new InputError(`length is ${length}; expected a whole number, 1 or more.`);
  }
  return {
    open(position) {
      const begin = position as { readonly at: Position; readonly used: number } | undefined;
      const cursor = texts.open(begin?.at);
      let at: Position = cursor.position; // before the text that is being used
      let used = begin?.used ?? 0;
      let text: TokenText | undefined;
      const take = async (row: RowBuilder): Promise<boolean> => {
        if (text === undefined) {
          at = cursor.position;
          text = await cursor.next();
          if (text === undefined) return false;
        }
        used += row.add(text, used);
        if (used >= text.ids.length) [text, used, at] = [undefined, 0, cursor.position];
        return true;
      };
      return {
        async next() {
          const row = new RowBuilder(length);
          while (!row.isFull) if (!(await take(row))) return undefined;
          return row.finish();
        },
        get position() {
          return { at, used };
        },
      };
    },
  };
}

/** Fills a row piece by piece. */
class RowBuilder {
  readonly #ids: Int32Array;
  readonly #words: Int32Array;
  readonly #starts: number[] = [];
  #hasWords = true;
  #filled = 0;
  #nextWord = 0;

  constructor(length: number) {
    this.#ids = new Int32Array(length);
    this.#words = new Int32Array(length);
  }

  get isFull(): boolean {
    return this.#filled === this.#ids.length;
  }

  /** Takes tokens from place `from` on. @returns how many */
  add({ ids, words }: TokenText, from: number): number {
    const count = Math.min(ids.length - from, this.#ids.length - this.#filled);
    if (count <= 0) return 0;
    this.#starts.push(this.#filled);
    this.#ids.set(ids.subarray(from, from + count), this.#filled);
    if (words === undefined) this.#hasWords = false;
    else this.#addWords(words.subarray(from, from + count));
    this.#filled += count;
    return count;
  }

  #addWords(words: Int32Array): void {
    let previous = -1;
    for (const [i, word] of words.entries()) {
      if (word >= 0 && word !== previous) this.#nextWord++;
      this.#words[this.#filled + i] = word < 0 ? -1 : this.#nextWord - 1;
      previous = word;
    }
  }

  finish(): PackedRow {
    const offsets = Int32Array.from([...this.#starts, this.#filled]);
    return { ids: this.#ids, offsets, ...(this.#hasWords ? { words: this.#words } : {}) };
  }
}

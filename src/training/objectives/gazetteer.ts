/** Finds sequences of words that a list has: mined phrases, names of entities. */
export class Gazetteer {
  readonly #entries = new Set<string>();
  /** The longest entry that begins with a word. */
  readonly #longest = new Map<string, number>();

  /** @param entries each as its words; case does not matter */
  constructor(entries: Iterable<readonly string[]>) {
    for (const entry of entries) {
      const words = entry.map((word) => word.toLowerCase());
      if (words[0] === undefined) continue;
      this.#entries.add(words.join(" "));
      this.#longest.set(words[0], Math.max(this.#longest.get(words[0]) ?? 0, words.length));
    }
  }

  /** Different entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** The entries in a text, from left to right, the longest at each place: its first word and the word after its last. */
  find(words: readonly string[]): WordSpan[] {
    const plain = words.map((word) => word.toLowerCase());
    const spans: WordSpan[] = [];
    for (let start = 0; start < plain.length; ) {
      let end = Math.min(plain.length, start + (this.#longest.get(plain[start]!) ?? 0));
      while (end > start && !this.#entries.has(plain.slice(start, end).join(" "))) end--;
      if (end > start) spans.push({ start, end });
      start = Math.max(start + 1, end);
    }
    return spans;
  }
}

/** Words of a text: the first, and the one after the last. A tagger's entities are such spans too. */
export interface WordSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * Makes units of words: each span is one, every other word is one of its own.
 *
 * @param words `[T]`: the word of each token; -1 for special ones
 * @param spans that do not overlap
 * @returns `[T]`: the unit of each token, for `maskUnits`
 */
export function joinWords(words: Int32Array, spans: readonly WordSpan[]): Int32Array {
  const unitOf = new Map<number, number>();
  for (const { start, end } of spans) for (let word = start; word < end; word++) unitOf.set(word, start);
  return words.map((word) => unitOf.get(word) ?? word);
}

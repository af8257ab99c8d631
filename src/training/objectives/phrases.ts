/** Phrases found in a corpus by statistics, for ERNIE's phrase masking. */

/** What counts as a phrase. */
export interface PhraseOptions {
  /** Phrases must occur this often. Default: 10. */
  readonly leastCount?: number | undefined;
  /** The least normalised pointwise mutual information, from -1 to 1. Default: 0.4. */
  readonly leastCohesion?: number | undefined;
  /** The longest phrase in words. Default: 4. */
  readonly longest?: number | undefined;
  /** Sequences of words, and words, that are counted at once; beyond that rare ones are forgotten. Default: 2,000,000. */
  readonly capacity?: number | undefined;
}

/** Between the words of a sequence in the tables. */
const GAP = "\u0001";

/** What no phrase holds: numbers and punctuation. */
const NO_WORD = /^[\p{P}\p{S}\p{N}]*$/u;

/**
 * Counts the sequences of words of a corpus, and tells which are phrases: those whose words come together far more often
 * than by chance, by normalised pointwise mutual information at their weakest joint. Source: Bouma, "Normalized
 * (Pointwise) Mutual Information in Collocation Extraction", 2009. Counting forgets rare sequences when it holds too many
 * (Manku and Motwani, "Approximate Frequency Counts over Data Streams", 2002), so memory is bounded.
 */
export class PhraseCounter {
  readonly #counts = new Map<string, number>();
  readonly #words = new Map<string, number>();
  readonly #options: Required<{ [key in keyof PhraseOptions]: number }>;
  #total = 0;
  #forgotten = 0;

  constructor(options: PhraseOptions = {}) {
    const { leastCount = 10, leastCohesion = 0.4, longest = 4, capacity = 2_000_000 } = options;
    this.#options = { leastCount, leastCohesion, longest, capacity };
  }

  /** Counts the words of a text, in order. Case does not matter. */
  add(words: readonly string[]): void {
    const plain = words.map((word) => word.toLowerCase());
    for (const [i, word] of plain.entries()) {
      if (NO_WORD.test(word)) continue;
      this.#total++;
      this.#words.set(word, (this.#words.get(word) ?? 0) + 1);
      let sequence = word;
      for (let length = 2; length <= this.#options.longest; length++) {
        const next = plain[i + length - 1];
        if (next === undefined || NO_WORD.test(next)) break;
        sequence += GAP + next;
        this.#counts.set(sequence, (this.#counts.get(sequence) ?? 0) + 1);
      }
    }
    while (this.#counts.size > this.#options.capacity) this.#forget(this.#counts);
    while (this.#words.size > this.#options.capacity) this.#forget(this.#words);
  }

  #forget(counts: Map<string, number>): void {
    this.#forgotten++;
    for (const [counted, count] of counts) if (count <= this.#forgotten) counts.delete(counted);
  }

  /** The phrases, each as its words in small letters. */
  phrases(): string[][] {
    const { leastCount, leastCohesion } = this.#options;
    const found: string[][] = [];
    for (const [sequence, count] of this.#counts) {
      if (count < leastCount) continue;
      const words = sequence.split(GAP);
      if (this.#cohesion(words, count) >= leastCohesion) found.push(words);
    }
    return found;
  }

  /** The least over all ways to part the sequence in two. */
  #cohesion(words: readonly string[], count: number): number {
    const share = count / this.#total;
    let least = 1;
    for (let joint = 1; joint < words.length; joint++) {
      const apart = this.#share(words.slice(0, joint)) * this.#share(words.slice(joint));
      least = Math.min(least, Math.log(share / apart) / -Math.log(share));
    }
    return least;
  }

  #share(words: readonly string[]): number {
    const count = words.length === 1 ? this.#words.get(words[0]!) : this.#counts.get(words.join(GAP));
    return Math.max(1, count ?? 1) / this.#total;
  }
}

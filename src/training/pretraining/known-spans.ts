import type { Tokenizer } from "../../tokenizers/tokenizer.ts";
import { Gazetteer, joinWords } from "../objectives/gazetteer.ts";
import type { KnowledgeStage } from "../objectives/knowledge-stages.ts";
import { PhraseCounter } from "../objectives/phrases.ts";
import type { PretrainingRow } from "./corpus.ts";

/**
 * What ERNIE masks whole: phrases that the corpus itself shows, and names of a list. Both are compared as the tokenizer
 * writes their words, so that its cleaning and case are the same on both sides.
 */
export class KnownSpans {
  readonly #phrases: Gazetteer;
  readonly #entities: Gazetteer;
  readonly #spelling: WordSpelling;

  /** @param entities names, each as text. None: the entity stage masks phrases */
  constructor(rows: Iterable<PretrainingRow>, entities: readonly string[], tokenizer: Tokenizer) {
    this.#spelling = new WordSpelling(tokenizer);
    const counter = new PhraseCounter();
    for (const row of rows) counter.add(this.#spelling.wordsOf(row));
    this.#phrases = new Gazetteer(counter.phrases());
    const named = entities.map((text) => {
      const { ids, words } = tokenizer.encode(text, { addSpecialTokens: false, specialTokens: "text" });
      return this.#spelling.wordsOf({ ids, words: Int32Array.from(words, (word) => word ?? -1) });
    });
    this.#entities = entities.length === 0 ? this.#phrases : new Gazetteer(named);
  }

  /** How many phrases were found, and how many names there are. */
  get sizes(): { readonly phrases: number; readonly entities: number } {
    return { phrases: this.#phrases.size, entities: this.#entities.size };
  }

  /** `[T]`: the unit of each token in a stage, for `maskUnits`. */
  unitsOf(row: Pick<PretrainingRow, "ids" | "words">, stage: KnowledgeStage): Int32Array | undefined {
    if (row.words === undefined || stage === "basic") return row.words;
    const gazetteer = stage === "phrase" ? this.#phrases : this.#entities;
    return joinWords(row.words, gazetteer.find(this.#spelling.wordsOf(row)));
  }
}

/** Words whose spelling is remembered at once. */
const SPELLINGS = 200_000;

/** Spells the words of a row. */
class WordSpelling {
  readonly #tokenizer: Tokenizer;
  readonly #known = new Map<string, string>();

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** In the order of their numbers. */
  wordsOf({ ids, words = new Int32Array(0) }: Pick<PretrainingRow, "ids" | "words">): string[] {
    const spelled: number[][] = [];
    for (const [i, word] of words.entries()) {
      if (word < 0) continue;
      spelled[word] ??= [];
      spelled[word]!.push(ids[i]!);
    }
    return Array.from(spelled, (tokens = []) => this.#spell(tokens));
  }

  #spell(tokens: readonly number[]): string {
    const key = tokens.join();
    let word = this.#known.get(key);
    if (word === undefined) {
      word = this.#tokenizer.decode(tokens).trim();
      if (this.#known.size >= SPELLINGS) this.#known.clear();
      this.#known.set(key, word);
    }
    return word;
  }
}

import type { Tokenizer } from "../../tokenizers/tokenizer.ts";

/** Where the rows of a new vocabulary come from, by its ids. */
export interface VocabularyMap {
  /** Ids of the old vocabulary whose mean a row is: one, several, or none where nothing tells. */
  readonly sources: readonly (readonly number[])[];
  /** Rows of tokens that both vocabularies have. */
  readonly copied: number;
  /** Rows that begin as the mean of the old pieces of their text. */
  readonly averaged: number;
  readonly fresh: number;
}

/** Whether both give the same id to every token. */
export function isSameVocabulary(a: Tokenizer, b: Tokenizer): boolean {
  const count = idCount(a);
  if (count !== idCount(b)) return false;
  for (let id = 0; id < count; id++) if (a.tokenOf(id) !== b.tokenOf(id)) return false;
  return true;
}

/** The number after the highest id. */
export function idCount(tokenizer: Tokenizer): number {
  let id = 0;
  // Vocabularies may have gaps; one with more gaps than tokens is none.
  for (let found = 0; found < tokenizer.size && id < 2 * tokenizer.size + 1000; id++) {
    if (tokenizer.tokenOf(id) !== undefined) found++;
  }
  return id;
}

/**
 * Finds for each token of a new vocabulary the old one that means the same: by its part among the special tokens, else
 * by its text, where marks of continued and of begun words ("##ing", "ing" beside "\u2581the") count as what they stand
 * for. Other tokens get the old tokenizer's pieces of their text.
 *
 * @param rows of the old table; ids beyond it are passed over.
 */
export function mapVocabulary(from: Tokenizer, to: Tokenizer, rows: number): VocabularyMap {
  const old = new VocabularyTexts(from);
  const now = new VocabularyTexts(to);
  const oldIds = old.idsByText(rows);
  const unknown = from.specialTokens.unk?.id;
  const counts = { copied: 0, averaged: 0, fresh: 0 };
  const sources = Array.from({ length: idCount(to) }, (_, id): readonly number[] => {
    const text = now.textOf(id);
    const same = sameRole(from, to, id) ?? sameToken(old, { id: from.idOf(to.tokenOf(id) ?? ""), text }, oldIds);
    if (same !== undefined && same < rows) {
      counts.copied++;
      return [same];
    }
    const isWhole = text !== undefined && !text.includes(BROKEN) && !now.isSpecial(id);
    const pieces = isWhole ? piecesOf(from, text).filter((piece) => piece !== unknown && piece < rows) : [];
    if (pieces.length === 0) counts.fresh++;
    else counts.averaged++;
    return pieces;
  });
  return { sources, ...counts };
}

/** What a decoder writes for bytes that are part of a character. */
const BROKEN = "\uFFFD";

/** The texts that a tokenizer's ids stand for within a sentence: with a space before them where they begin a word. */
class VocabularyTexts {
  readonly #tokenizer: Tokenizer;
  readonly #special: ReadonlySet<number>;
  readonly #count: number;
  /** Tokens stand after it, since decoders treat the first one of a sentence otherwise. */
  readonly #anchor: number;
  readonly #anchorText: string;

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
    this.#special = new Set(Object.values(tokenizer.specialTokens).map(({ id }) => id));
    this.#count = idCount(tokenizer);
    this.#anchor = this.#findAnchor();
    this.#anchorText = tokenizer.decode([this.#anchor]);
  }

  isSpecial(id: number): boolean {
    return this.#special.has(id);
  }

  textOf(id: number): string | undefined {
    if (this.#tokenizer.tokenOf(id) === undefined) return undefined;
    const both = this.#tokenizer.decode([this.#anchor, id]);
    const text = both.startsWith(this.#anchorText) ? both.slice(this.#anchorText.length) : this.#tokenizer.decode([id]);
    // Whether a space stands before punctuation is a matter of how decoders tidy up.
    return /[\p{L}\p{N}]/u.test(text) ? text : text.trim();
  }

  /** Of several ids of a text the lowest. Parts of characters, which have no text, and special tokens are left out. */
  idsByText(rows: number): ReadonlyMap<string, number> {
    const ids = new Map<string, number>();
    for (let id = 0; id < Math.min(rows, this.#count); id++) {
      const text = this.textOf(id);
      if (text === undefined || text === "" || text.includes(BROKEN) || this.isSpecial(id) || ids.has(text)) continue;
      ids.set(text, id);
    }
    return ids;
  }

  /** A token of letters. */
  #findAnchor(): number {
    for (let id = 0; id < this.#count; id++) {
      if (!this.isSpecial(id) && /^[a-z]+$/.test(this.#tokenizer.decode([id]))) return id;
    }
    return 0;
  }
}

/** The old token of the same part, such as the mask. */
function sameRole(from: Tokenizer, to: Tokenizer, id: number): number | undefined {
  for (const [role, token] of Object.entries(to.specialTokens)) {
    const old = from.specialTokens[role as keyof typeof from.specialTokens];
    if (token.id === id && old !== undefined) return old.id;
  }
  return undefined;
}

/** The old token of the same spelling, where that means the same; else the one of the same text. */
function sameToken(
  old: VocabularyTexts,
  { id, text }: { readonly id: number | undefined; readonly text: string | undefined },
  oldIds: ReadonlyMap<string, number>,
): number | undefined {
  if (text === undefined) return undefined;
  return id !== undefined && old.textOf(id) === text ? id : oldIds.get(text);
}

/** The fewest pieces of a text: vocabularies differ in whether a space belongs to the word after it. */
function piecesOf(tokenizer: Tokenizer, text: string): readonly number[] {
  const read = (input: string) => [...tokenizer.encode(input, { addSpecialTokens: false, specialTokens: "text" }).ids];
  const [plain, spaced] = [read(text.trim()), text.startsWith(" ") ? read(text) : undefined];
  return spaced !== undefined && spaced.length <= plain.length ? spaced : plain;
}

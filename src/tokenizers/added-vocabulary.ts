import { type AddedToken, AddedTokenFinder } from "./added-tokens.ts";
import type { TokenizerModel } from "./model.ts";
import { NormalizedText } from "./normalized-text.ts";
import type { Normalizer } from "./normalizers/normalizer.ts";

/** An added token as files state it; the id follows from the vocabulary. */
export type AddedTokenEntry = Omit<AddedToken, "id">;

/** The added tokens of a tokenizer: their ids, and where they stand in a text. */
export class AddedVocabulary {
  /** Finds tokens in the text as it is given. */
  readonly rawFinder: AddedTokenFinder | undefined;
  /** Finds tokens in the normalized text. */
  readonly normalizedFinder: AddedTokenFinder | undefined;
  /** Finds the special tokens in text that shall not be read as such. */
  readonly specialFinder: AddedTokenFinder | undefined;
  /** Whether text may be cut at chunks before the tokens of `normalizedFinder` are looked for. */
  readonly isLocal: boolean;
  /** Entries that the model's vocabulary does not have. */
  readonly extraSize: number;
  private readonly byContent = new Map<string, AddedToken>();
  private readonly byId = new Map<number, AddedToken>();
  private readonly normalForms = new Map<number, string>();
  private readonly specialContents = new Set<string>();

  /**
   * A token gets the id that the vocabulary has for it, else the next free one: files state ids, but the reference goes
   * by their order.
   */
  constructor(entries: Iterable<AddedTokenEntry>, model: TokenizerModel, normalizer?: Normalizer) {
    let nextId = model.size;
    let extraSize = 0;
    for (const entry of entries) {
      if (entry.content === "") continue;
      const known = this.byContent.get(entry.content)?.id ?? model.idOf(entry.content);
      const id = known ?? nextId++;
      if (known === undefined) extraSize++;
      this.add({ ...entry, id }, normalizer);
    }
    this.extraSize = extraSize;
    const tokens = [...this.byId.values()];
    const normalized = tokens.filter((token) => token.normalized).map((token) => this.withNormalForm(token));
    this.rawFinder = finder(tokens.filter((token) => !token.normalized).map((token) => [token.content, token]));
    this.normalizedFinder = finder(normalized);
    this.specialFinder = finder(tokens.filter((token) => token.special).map((token) => [token.content, token]));
    // A run of spaces cannot be found where one space is.
    this.isLocal = normalized.every(([form, token]) => /^(\S+|\s{2,})$/.test(form) && !token.stripsRight);
  }

  idOf(token: string): number | undefined {
    return this.byContent.get(token)?.id;
  }

  get(id: number): AddedToken | undefined {
    return this.byId.get(id);
  }

  /** The token's text as decoders expect it: in its normal form, where it is looked for in normalized text. */
  textOf(id: number): string | undefined {
    return this.normalForms.get(id) ?? this.byId.get(id)?.content;
  }

  isSpecial(text: string): boolean {
    return this.specialContents.has(text);
  }

  tokens(): Iterable<AddedToken> {
    return this.byId.values();
  }

  private add(token: AddedToken, normalizer: Normalizer | undefined): void {
    this.byContent.set(token.content, token);
    this.byId.set(token.id, token);
    if (token.special) this.specialContents.add(token.content);
    if (!token.normalized || normalizer === undefined) return;
    const form = normalizer.normalize(new NormalizedText(token.content)).text;
    if (form !== token.content) this.normalForms.set(token.id, form);
  }

  private withNormalForm(token: AddedToken): [string, AddedToken] {
    return [this.normalForms.get(token.id) ?? token.content, token];
  }
}

function finder(tokens: [string, AddedToken][]): AddedTokenFinder | undefined {
  const sought = tokens.filter(([text]) => text !== "");
  return sought.length === 0 ? undefined : new AddedTokenFinder(sought);
}

import type { TokenizerModel } from "./model.ts";
import type { TokenBuffer } from "./token-buffer.ts";
import type { Vocabulary } from "./vocabulary.ts";

export interface WordPieceOptions {
  /** Stands for a piece that cannot be written in the vocabulary; has to be an entry of it. Default "[UNK]". */
  unknownToken?: string;
  /** Marks tokens that continue a word. Default "##". */
  continuationPrefix?: string;
  /** A longer piece, in code points, becomes the unknown token. Default 100. */
  maxCharacters?: number;
}

/** Longest match first, from left to right, within a word. Source: Devlin et al. 2018 (BERT), section 3. */
export class WordPiece implements TokenizerModel {
  private readonly vocabulary: Vocabulary;
  private readonly unknownId: number;
  private readonly maxCharacters: number;
  private readonly initial: LongestMatch;
  private readonly continuing: LongestMatch;

  /** @throws TokenizerError when the unknown token is not an entry of the vocabulary. */
  constructor(vocabulary: Vocabulary, options: WordPieceOptions = {}) {
    const { unknownToken = "[UNK]", continuationPrefix = "##", maxCharacters = 100 } = options;
    this.vocabulary = vocabulary;
    this.unknownId = vocabulary.requireId(unknownToken, "unk_token");
    this.maxCharacters = maxCharacters;
    const continuations = new Map<string, number>();
    for (const [token, id] of vocabulary.entries()) {
      if (token.startsWith(continuationPrefix)) continuations.set(token.slice(continuationPrefix.length), id);
    }
    this.initial = new LongestMatch(vocabulary.entries());
    this.continuing = new LongestMatch(continuations);
  }

  get size(): number {
    return this.vocabulary.size;
  }

  idOf(token: string): number | undefined {
    return this.vocabulary.idOf(token);
  }

  tokenOf(id: number): string | undefined {
    return this.vocabulary.tokenOf(id);
  }

  entries(): Iterable<[string, number]> {
    return this.vocabulary.entries();
  }

  tokenize(piece: string, out: TokenBuffer): void {
    const first = out.length;
    if (!this.isTooLong(piece)) {
      let start = 0;
      while (start < piece.length) {
        const end = (start === 0 ? this.initial : this.continuing).match(piece, start, out);
        if (end === start) break;
        start = end;
      }
      if (start === piece.length) return;
    }
    out.length = first;
    out.push(this.unknownId, 0, piece.length);
  }

  private isTooLong(piece: string): boolean {
    if (piece.length <= this.maxCharacters) return false;
    let characters = 0;
    for (let i = 0; i < piece.length; i++) {
      if ((piece.charCodeAt(i) & 0xfc00) !== 0xdc00) characters++;
    }
    return characters > this.maxCharacters;
  }
}

/** Finds the longest of many strings that a text goes on with. */
class LongestMatch {
  private readonly ids: ReadonlyMap<string, number>;
  /** Length of the longest string by its first UTF-16 unit: no lookup can succeed beyond. */
  private readonly longest = new Map<number, number>();

  constructor(ids: ReadonlyMap<string, number>) {
    this.ids = ids;
    for (const text of ids.keys()) {
      const first = text.charCodeAt(0);
      if (text.length > (this.longest.get(first) ?? 0)) this.longest.set(first, text.length);
    }
  }

  /** Emits the longest match at `start` and returns its end; returns `start` when there is none. */
  match(piece: string, start: number, out: TokenBuffer): number {
    const longest = this.longest.get(piece.charCodeAt(start)) ?? 0;
    for (let end = Math.min(piece.length, start + longest); end > start; end--) {
      const id = this.ids.get(start === 0 && end === piece.length ? piece : piece.slice(start, end));
      if (id !== undefined) {
        out.push(id, start, end);
        return end;
      }
    }
    return start;
  }
}

import { TokenizerError } from "../errors.ts";
import type { TokenizerModel } from "./model.ts";
import type { TokenBuffer } from "./token-buffer.ts";
import type { Vocabulary } from "./vocabulary.ts";

export interface WordLevelOptions {
  /** Stands for a piece that is not in the vocabulary. Default "<unk>". */
  unknownToken?: string;
}

/** Every piece is one token. */
export class WordLevel implements TokenizerModel {
  private readonly vocabulary: Vocabulary;
  private readonly unknownToken: string;
  private readonly unknownId: number | undefined;

  constructor(vocabulary: Vocabulary, options: WordLevelOptions = {}) {
    this.vocabulary = vocabulary;
    this.unknownToken = options.unknownToken ?? "<unk>";
    this.unknownId = vocabulary.idOf(this.unknownToken);
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

  /** @throws TokenizerError for a piece that is not in the vocabulary when the unknown token is not either. */
  tokenize(piece: string, out: TokenBuffer): void {
    const id = this.vocabulary.idOf(piece) ?? this.unknownId;
    if (id === undefined) {
      throw new TokenizerError(
        `${this.vocabulary.origin}: the vocabulary has neither ${JSON.stringify(piece)} nor the unknown token ` +
          `${JSON.stringify(this.unknownToken)}. Name an entry of it as unk_token.`,
      );
    }
    out.push(id, 0, piece.length);
  }
}

import { type AddedToken, type AddedTokenMatch, cutAtAddedTokens, LONGEST_CONTENT } from "./added-tokens.ts";
import type { AddedVocabulary } from "./added-vocabulary.ts";
import { ChunkMemory } from "./chunk-memory.ts";
import { Chunk, isSolid } from "./chunks.ts";
import type { TokenizerModel } from "./model.ts";
import { NormalizedText } from "./normalized-text.ts";
import { BertNormalizer } from "./normalizers/bert-normalizer.ts";
import type { Normalizer } from "./normalizers/normalizer.ts";
import { Pieces } from "./pieces.ts";
import { BertPreTokenizer } from "./pre-tokenizers/bert-pre-tokenizer.ts";
import type { PreTokenizer } from "./pre-tokenizers/pre-tokenizer.ts";
import { TokenBuffer } from "./token-buffer.ts";
import type { TokenSequence } from "./token-sequence.ts";

export interface PipelineParts {
  added: AddedVocabulary;
  normalizer: Normalizer | undefined;
  preTokenizer: PreTokenizer | undefined;
  model: TokenizerModel;
}

/** Whether text that spells a special token stands for that token, or for nothing but itself. */
export type SpecialTokenReading = "parse" | "text";

/** Most texts have fewer. */
const UNITS_PER_TOKEN = 16;

/** Added tokens, normalizer, pre-tokenizer, model: from a text to its tokens, before special tokens are set around them. */
export class Pipeline {
  private readonly parts: PipelineParts;
  private readonly isLocal: boolean;
  private readonly chunk: Chunk;
  private readonly buffer = new TokenBuffer();
  private readonly memories = { parse: new ChunkMemory(), text: new ChunkMemory() };

  constructor(parts: PipelineParts) {
    this.parts = parts;
    const { normalizer, preTokenizer, added } = parts;
    this.isLocal = (normalizer?.isLocal ?? true) && (preTokenizer?.isLocal ?? false) && added.isLocal;
    // Ideographs get spaces on both sides, and the spaces are dropped.
    const separates = normalizer instanceof BertNormalizer && normalizer.separatesIdeographs;
    this.chunk = new Chunk(separates && preTokenizer instanceof BertPreTokenizer);
  }

  /**
   * Appends the tokens of `text`, which must be well formed, to `out`. May stop reading once there are more than `limit`.
   */
  tokenize(text: string, out: TokenSequence, limit: number, reading: SpecialTokenReading): void {
    const { length, wordCount } = out;
    // A beginning that is long enough as a rule; else four times as much, and so on.
    for (let enough = (limit + 1) * UNITS_PER_TOKEN + 4 * LONGEST_CONTENT; enough < text.length; enough *= 4) {
      const cut = this.isLocal ? this.chunk.beginningAfter(text, enough) : text.length;
      if (cut === text.length) break;
      this.tokenizeAll(text.slice(0, cut), out, limit, reading);
      // An added token may stand across the cut; the tokens that count must end before any such.
      if (out.length > limit && out.endOf(limit) < cut - LONGEST_CONTENT) return;
      out.length = length;
      out.wordCount = wordCount;
    }
    this.tokenizeAll(text, out, limit, reading);
  }

  private tokenizeAll(text: string, out: TokenSequence, limit: number, reading: SpecialTokenReading): void {
    cutAtAddedTokens(
      text,
      this.parts.added.rawFinder,
      (token) => reading === "parse" || !token.special,
      (start, end) => {
        const stretch = end - start === text.length ? text : text.slice(start, end);
        if (this.isLocal && this.beginsWell(stretch)) this.tokenizeChunks(stretch, start, out, limit, reading);
        else this.tokenizeStretch(new NormalizedText(stretch, start), out, reading);
        return out.length <= limit;
      },
      (token, start, end) => {
        out.push(token.id, start, end, out.wordCount++);
        return out.length <= limit;
      },
    );
  }

  private beginsWell(stretch: string): boolean {
    if (this.parts.normalizer?.needsSolidBeginning !== true) return true;
    return isSolid(stretch.charCodeAt(0)) || (stretch[0] === " " && isSolid(stretch.charCodeAt(1)));
  }

  private tokenizeChunks(
    stretch: string,
    base: number,
    out: TokenSequence,
    limit: number,
    reading: SpecialTokenReading,
  ): void {
    const { chunk } = this;
    const memory = this.memories[reading];
    for (let at = 0; at < stretch.length && out.length <= limit; at = chunk.end) {
      chunk.next(stretch, at);
      if (memory.recall(stretch, chunk, base + at, out)) continue;
      const { length, wordCount } = out;
      this.tokenizeStretch(new NormalizedText(stretch.slice(at, chunk.end), base + at), out, reading);
      memory.remember(stretch, chunk, base + at, out, length, wordCount);
    }
  }

  /** A stretch without any raw added token: all the steps, nothing remembered. */
  private tokenizeStretch(source: NormalizedText, out: TokenSequence, reading: SpecialTokenReading): void {
    const { normalizer, added } = this.parts;
    const text = normalizer?.normalize(source) ?? source;
    const section = (start: number, end: number): boolean => {
      const pieces = new Pieces(text);
      pieces.push(start, end);
      this.tokenizePieces(this.parts.preTokenizer?.split(pieces) ?? pieces, out, reading);
      return true;
    };
    const token = ({ id }: AddedToken, start: number, end: number): boolean => {
      out.push(id, text.originalStart(start), text.originalEnd(end), out.wordCount++);
      return true;
    };
    const accepts = ({ special }: AddedToken) => reading === "parse" || !special;
    cutAtAddedTokens(text.text, added.normalizedFinder, accepts, section, token);
  }

  private tokenizePieces(pieces: Pieces, out: TokenSequence, reading: SpecialTokenReading): void {
    const { text } = pieces.text;
    for (let i = 0; i < pieces.length; i++) {
      const start = pieces.starts[i]!;
      const end = pieces.ends[i]!;
      const piece = text.slice(start, end);
      if (reading === "parse") this.tokenizePiece(piece, start, pieces.text, out);
      else this.tokenizeAsText(piece, start, pieces.text, out);
      out.wordCount++;
    }
  }

  private tokenizePiece(piece: string, start: number, text: NormalizedText, out: TokenSequence): void {
    const { buffer } = this;
    buffer.clear();
    this.parts.model.tokenize(piece, buffer);
    for (let i = 0; i < buffer.length; i++) {
      const from = text.originalStart(start + buffer.starts[i]!);
      out.push(buffer.ids[i]!, from, text.originalEnd(start + buffer.ends[i]!), out.wordCount);
    }
  }

  /**
   * Some vocabularies hold special tokens as ordinary entries. Cutting a piece within what spells one keeps the model
   * from finding it.
   */
  private tokenizeAsText(piece: string, start: number, text: NormalizedText, out: TokenSequence): void {
    const finder = this.parts.added.specialFinder;
    let done = 0;
    let match: AddedTokenMatch | undefined = finder?.find(piece, 0);
    while (match !== undefined) {
      const cut = match.start + (piece.codePointAt(match.start)! > 0xffff ? 2 : 1);
      if (cut < match.end) {
        this.tokenizePiece(piece.slice(done, cut), start + done, text, out);
        done = cut;
      }
      match = finder!.find(piece, cut);
    }
    if (done < piece.length) this.tokenizePiece(piece.slice(done), start + done, text, out);
  }
}

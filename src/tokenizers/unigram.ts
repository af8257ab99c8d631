import { TokenizerError } from "../errors.ts";
import type { TokenizerModel } from "./model.ts";
import { PieceTrie } from "./piece-trie.ts";
import type { TokenBuffer } from "./token-buffer.ts";

export interface UnigramOptions {
  /** The piece that stands for characters that no piece covers. By default such a text is an error. */
  unknownId?: number;
  /** Write unknown characters as the tokens of their UTF-8 bytes, `<0x00>` to `<0xFF>`. Default false. */
  byteFallback?: boolean;
  /** Where the pieces were read, as errors name it: file and key. Default "vocab". */
  origin?: string;
}

/** An unknown character costs this much more than the worst piece. */
const UNKNOWN_PENALTY = 10;
/** In UTF-16 units: what keeps the time linear in the length of the text. Trainers stop at 16. */
const MAX_PIECE_LENGTH = 512;
/** How many pieces are read: four times the largest vocabulary in use. */
export const MAX_PIECES = 2 ** 20;
/** Pieces beyond this length give their working memory back. */
const KEPT_LENGTH = 2 ** 16;

/**
 * The most probable way to write a text with the pieces of the vocabulary, a piece's score being the logarithm of its
 * probability. Viterbi over a trie: time linear in the text. Neighbouring unknown characters are one token.
 *
 * Source: Kudo 2018; in detail huggingface/tokenizers, models/unigram.
 */
export class Unigram implements TokenizerModel {
  private readonly pieces: readonly (readonly [string, number])[];
  private readonly ids = new Map<string, number>();
  private readonly trie: PieceTrie;
  private readonly scores: Float64Array;
  private readonly unknownScore: number;
  private readonly unknownId: number | undefined;
  private readonly byteIds: Int32Array | undefined;
  private readonly origin: string;
  private path = new BestPath(64);

  /**
   * @param pieces - each with its score; the index is the id. Of equal pieces the last counts, as in the reference.
   * @throws TokenizerError for a piece that is too long or has no finite score, and for an unknown id out of range.
   */
  constructor(pieces: readonly (readonly [string, number])[], options: UnigramOptions = {}) {
    const { unknownId, byteFallback = false, origin = "vocab" } = options;
    this.pieces = pieces;
    this.origin = origin;
    this.unknownId = unknownId;
    if (pieces.length > MAX_PIECES) {
      throw new TokenizerError(`${origin}: ${pieces.length} pieces; at most ${MAX_PIECES} can be read.`);
    }
    if (unknownId !== undefined && !(Number.isInteger(unknownId) && unknownId >= 0 && unknownId < pieces.length)) {
      throw new TokenizerError(`${origin}: unk_id is ${unknownId}; expected one of the ${pieces.length} ids.`);
    }
    this.trie = new PieceTrie(pieces.length * 2);
    this.scores = new Float64Array(pieces.length);
    let lowest = Number.POSITIVE_INFINITY;
    pieces.forEach(([piece, score], id) => {
      checkPiece(piece, score, id, origin);
      this.ids.set(piece, id);
      this.trie.add(piece, id);
      this.scores[id] = score;
      lowest = Math.min(lowest, score);
    });
    this.unknownScore = lowest - UNKNOWN_PENALTY;
    this.byteIds = byteFallback ? this.findByteIds() : undefined;
  }

  get size(): number {
    return this.pieces.length;
  }

  idOf(token: string): number | undefined {
    return this.ids.get(token);
  }

  tokenOf(id: number): string | undefined {
    return this.pieces[id]?.[0];
  }

  entries(): Iterable<[string, number]> {
    return this.ids;
  }

  /** @throws TokenizerError for an unknown character when there is no unknown piece. */
  tokenize(text: string, out: TokenBuffer): void {
    this.findBestPath(text);
    const { ends, ids } = this.path;
    for (let start = 0; start < text.length; ) {
      let end = ends[start]!;
      const id = ids[end]!;
      if (id !== this.unknownId) {
        out.push(id, start, end);
      } else {
        while (end < text.length && ids[ends[end]!] === id) end = ends[end]!;
        this.pushUnknown(text, start, end, out);
      }
      start = end;
    }
    if (text.length > KEPT_LENGTH) this.path = new BestPath(64);
  }

  /** For each place in the text the best last piece of what ends there; of equal scores the longest piece. */
  private findBestPath(text: string): void {
    const { trie, scores, unknownScore } = this;
    if (text.length >= this.path.ids.length) this.path = new BestPath(text.length + 1);
    const { path } = this;
    path.clear(text.length);
    for (let start = 0; start < text.length; ) {
      const best = path.scores[start]!;
      const next = start + ((text.charCodeAt(start) & 0xfc00) === 0xd800 ? 2 : 1);
      let hasCharacter = false;
      let node = trie.child(PieceTrie.ROOT, text.charCodeAt(start));
      for (let end = start + 1; node >= 0; end++) {
        const id = trie.valueAt(node);
        if (id >= 0) {
          path.offer(start, end, id, best + scores[id]!);
          if (end === next) hasCharacter = true;
        }
        if (end === text.length) break;
        node = trie.child(node, text.charCodeAt(end));
      }
      if (!hasCharacter) path.offer(start, next, this.requireUnknown(text, start), best + unknownScore);
      start = next;
    }
    path.trace(text.length);
  }

  private requireUnknown(text: string, at: number): number {
    if (this.unknownId !== undefined) return this.unknownId;
    const character = String.fromCodePoint(text.codePointAt(at)!);
    throw new TokenizerError(
      `${this.origin}: no piece covers the character ${JSON.stringify(character)}, and unk_id names none for such. ` +
        "Set unk_id.",
    );
  }

  /** A run of unknown characters, which may by chance spell a piece. */
  private pushUnknown(text: string, start: number, end: number, out: TokenBuffer): void {
    const run = text.slice(start, end);
    const id = this.ids.get(run);
    if (id === undefined && this.byteIds !== undefined) {
      for (const byte of new TextEncoder().encode(run)) out.push(this.byteIds[byte]!, start, end);
    } else {
      out.push(id ?? this.unknownId!, start, end);
    }
  }

  /** The ids of `<0x00>` to `<0xFF>`; undefined unless all are there. */
  private findByteIds(): Int32Array | undefined {
    const ids = new Int32Array(256);
    for (let byte = 0; byte < 256; byte++) {
      const id = this.ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
      if (id === undefined) return undefined;
      ids[byte] = id;
    }
    return ids;
  }
}

/** What the Viterbi search knows of each place in the text: best score of what ends there, and its last piece. */
class BestPath {
  readonly scores: Float64Array;
  readonly starts: Int32Array;
  readonly ids: Int32Array;
  /** Where the piece that begins here ends, along the best path. */
  readonly ends: Int32Array;

  constructor(capacity: number) {
    this.scores = new Float64Array(capacity);
    this.starts = new Int32Array(capacity);
    this.ids = new Int32Array(capacity);
    this.ends = new Int32Array(capacity);
  }

  clear(length: number): void {
    this.starts.fill(-1, 0, length + 1);
    this.scores[0] = 0;
  }

  offer(start: number, end: number, id: number, score: number): void {
    if (this.starts[end]! >= 0 && score <= this.scores[end]!) return;
    this.scores[end] = score;
    this.starts[end] = start;
    this.ids[end] = id;
  }

  /** Follows the best path back from the end. */
  trace(length: number): void {
    for (let end = length; end > 0; end = this.starts[end]!) this.ends[this.starts[end]!] = end;
  }
}

function checkPiece(piece: unknown, score: unknown, id: number, origin: string): void {
  if (typeof piece !== "string" || typeof score !== "number" || !Number.isFinite(score)) {
    const got = JSON.stringify([piece, score])?.slice(0, 80);
    throw new TokenizerError(`${origin}: piece ${id} is ${got}; expected a text and a finite score.`);
  }
  if (piece.length > MAX_PIECE_LENGTH) {
    throw new TokenizerError(
      `${origin}: piece ${id} has ${piece.length} characters; at most ${MAX_PIECE_LENGTH} are allowed.`,
    );
  }
}

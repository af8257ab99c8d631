import { TokenizerError } from "../errors.ts";
import { MAX_MERGES, MergeQueue } from "./merge-queue.ts";
import type { TokenizerModel } from "./model.ts";
import { PairMap } from "./pair-map.ts";
import type { TokenBuffer } from "./token-buffer.ts";
import type { Vocabulary } from "./vocabulary.ts";

export interface BytePairOptions {
  /** Stands for a character that is not in the vocabulary. By default such characters are dropped. */
  unknownToken?: string;
  /** Join neighbouring unknown characters into one token. Default false. */
  fuseUnknown?: boolean;
  /** Write unknown characters as the tokens of their UTF-8 bytes, `<0x00>` to `<0xFF>`. Default false. */
  byteFallback?: boolean;
  /** Marks characters that do not begin a piece. Default "". */
  continuationPrefix?: string;
  /** Marks the last character of a piece. Default "". */
  endSuffix?: string;
  /** A piece that is in the vocabulary is one token, whatever the merges. Default false. */
  ignoreMerges?: boolean;
}

/** Pieces beyond this length give their working memory back. */
const KEPT_SYMBOLS = 2 ** 16;
const GONE = -1;

/**
 * Byte-pair encoding: characters, of which neighbours are merged by rank until no merge applies. O(n log n) in the
 * length of a piece. Dropout, which files may name, is for training: here a text always gives the same tokens.
 *
 * Source: Sennrich et al. 2016; in detail huggingface/tokenizers, models/bpe.
 */
export class BytePair implements TokenizerModel {
  private readonly vocabulary: Vocabulary;
  private readonly options: BytePairOptions;
  /** Two ids to a rank; the id that a rank makes stands in `merged`. */
  private readonly ranks: PairMap;
  private readonly merged: Int32Array;
  private readonly byteIds: (number | undefined)[] = [];
  private readonly queue = new MergeQueue();
  private symbols = new Symbols(64);

  /**
   * @param merges - pairs of tokens, the first merged first.
   * @throws TokenizerError for a merge of tokens, or into a token, that the vocabulary lacks; for too many merges.
   */
  constructor(vocabulary: Vocabulary, merges: readonly (readonly [string, string])[], options: BytePairOptions = {}) {
    this.vocabulary = vocabulary;
    this.options = options;
    const { byteFallback = false, continuationPrefix = "" } = options;
    if (merges.length > MAX_MERGES) {
      throw new TokenizerError(`${vocabulary.origin}: ${merges.length} merges; at most ${MAX_MERGES} can be read.`);
    }
    this.ranks = new PairMap(merges.length);
    this.merged = new Int32Array(merges.length);
    merges.forEach(([left, right], rank) => {
      this.ranks.set(this.idInMerge(left, rank), this.idInMerge(right, rank), rank);
      this.merged[rank] = this.idInMerge(left + right.slice(continuationPrefix.length), rank);
    });
    if (byteFallback) for (let byte = 0; byte < 256; byte++) this.byteIds.push(vocabulary.idOf(byteToken(byte)));
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
    if (this.options.ignoreMerges) {
      const id = this.vocabulary.idOf(piece);
      if (id !== undefined) {
        out.push(id, 0, piece.length);
        return;
      }
    }
    this.readSymbols(piece);
    this.mergeAll();
    this.symbols.write(piece, out);
    if (piece.length > KEPT_SYMBOLS) this.symbols = new Symbols(64);
  }

  private idInMerge(token: string, rank: number): number {
    return this.vocabulary.idOf(token) ?? this.vocabulary.requireId(token, `a token of merge ${rank}`);
  }

  /** One symbol a character, or none for an unknown one, or one for each of its bytes. */
  private readSymbols(piece: string): void {
    const { vocabulary, symbols } = this;
    const { continuationPrefix = "", endSuffix = "", unknownToken, fuseUnknown = false } = this.options;
    symbols.clear();
    let unknownBytes = 0;
    const flushUnknown = () => {
      if (unknownBytes > 0) symbols.add(vocabulary.requireId(unknownToken!, "unk_token"), unknownBytes);
      unknownBytes = 0;
    };
    for (let at = 0; at < piece.length; ) {
      const code = piece.codePointAt(at)!;
      const end = at + (code > 0xffff ? 2 : 1);
      let text = piece.slice(at, end);
      if (at > 0) text = continuationPrefix + text;
      if (end === piece.length) text += endSuffix;
      const id = vocabulary.idOf(text);
      if (id !== undefined) {
        flushUnknown();
        symbols.add(id, utf8Length(code));
      } else if (!this.addBytes(text) && unknownToken !== undefined) {
        if (!fuseUnknown) flushUnknown();
        unknownBytes += utf8Length(code);
      }
      at = end;
    }
    flushUnknown();
  }

  /** Writes a character as its bytes, if all of them are in the vocabulary. An unknown one before it stays pending. */
  private addBytes(text: string): boolean {
    if (this.byteIds.length === 0) return false;
    const ids = [...new TextEncoder().encode(text)].map((byte) => this.byteIds[byte]);
    if (ids.includes(undefined)) return false;
    for (const id of ids) this.symbols.add(id!, 1);
    return true;
  }

  private mergeAll(): void {
    const { symbols, queue, merged } = this;
    for (let at = 0; at + 1 < symbols.length; at++) this.offer(at, at + 1);
    while (queue.pop()) {
      const { rank, position } = queue;
      const id = symbols.ids[position]!;
      const next = symbols.next[position]!;
      if (id === GONE || next === GONE) continue;
      // The symbols may have changed since; another merge that makes the same token is as good.
      const current = this.ranks.get(id, symbols.ids[next]!);
      if (current < 0 || merged[current] !== merged[rank]) continue;
      symbols.join(position, next, merged[rank]!);
      if (symbols.previous[position] !== GONE) this.offer(symbols.previous[position]!, position);
      if (symbols.next[position] !== GONE) this.offer(position, symbols.next[position]!);
    }
  }

  private offer(left: number, right: number): void {
    const rank = this.ranks.get(this.symbols.ids[left]!, this.symbols.ids[right]!);
    if (rank >= 0) this.queue.push(rank, left);
  }
}

/** The symbols of one piece, as a linked list in arrays. Lengths are in bytes of UTF-8, as byte fallback needs. */
class Symbols {
  length = 0;
  ids: Int32Array;
  previous: Int32Array;
  next: Int32Array;
  private bytes: Int32Array;

  constructor(capacity: number) {
    this.ids = new Int32Array(capacity);
    this.previous = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
    this.bytes = new Int32Array(capacity);
  }

  clear(): void {
    this.length = 0;
  }

  add(id: number, bytes: number): void {
    const at = this.length++;
    if (at === this.ids.length) this.grow();
    this.ids[at] = id;
    this.bytes[at] = bytes;
    this.previous[at] = at - 1;
    this.next[at] = GONE;
    if (at > 0) this.next[at - 1] = at;
  }

  join(left: number, right: number, id: number): void {
    this.ids[left] = id;
    this.bytes[left]! += this.bytes[right]!;
    this.ids[right] = GONE;
    const after = this.next[right]!;
    this.next[left] = after;
    if (after !== GONE) this.previous[after] = left;
  }

  /**
   * Writes the tokens out. Their bytes are counted from the beginning of the piece, so after a dropped character they
   * lie too far left, as the reference has it; a part of a character spans the whole.
   */
  write(piece: string, out: TokenBuffer): void {
    const place = new BytePlace(piece);
    for (let at = 0, start = 0; at < this.length && at !== GONE; at = this.next[at]!) {
      const end = start + this.bytes[at]!;
      const first = place.characterStart(start);
      out.push(this.ids[at]!, first, place.characterEnd(end));
      start = end;
    }
  }

  private grow(): void {
    const larger = new Symbols(this.ids.length * 2);
    larger.ids.set(this.ids);
    larger.previous.set(this.previous);
    larger.next.set(this.next);
    larger.bytes.set(this.bytes);
    Object.assign(this, { ids: larger.ids, previous: larger.previous, next: larger.next, bytes: larger.bytes });
  }
}

/** Converts ascending places in the UTF-8 of a text to UTF-16, in one walk. */
class BytePlace {
  private readonly text: string;
  /** Where the character at hand begins, in both encodings. */
  private unit = 0;
  private byte = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Where the character that holds the byte begins. */
  characterStart(byte: number): number {
    this.walk(byte);
    return this.unit;
  }

  /** Where the character that ends with or holds the byte before this one ends. */
  characterEnd(byte: number): number {
    this.walk(byte - 1);
    const code = this.text.codePointAt(this.unit);
    return code === undefined ? this.unit : this.unit + (code > 0xffff ? 2 : 1);
  }

  private walk(byte: number): void {
    for (let code = this.text.codePointAt(this.unit); code !== undefined; code = this.text.codePointAt(this.unit)) {
      const bytes = utf8Length(code);
      if (this.byte + bytes > byte) return;
      this.byte += bytes;
      this.unit += code > 0xffff ? 2 : 1;
    }
  }
}

function utf8Length(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}

import { Chunk } from "../chunks.ts";
import { NormalizedText } from "../normalized-text.ts";
import { BertNormalizer } from "../normalizers/bert-normalizer.ts";
import type { Normalizer } from "../normalizers/normalizer.ts";
import { Pieces } from "../pieces.ts";
import { BertPreTokenizer } from "../pre-tokenizers/bert-pre-tokenizer.ts";
import type { PreTokenizer } from "../pre-tokenizers/pre-tokenizer.ts";
import type { TrainingSteps } from "./step.ts";
import { hashOf, StringCounts, type StringCountsOptions } from "./string-counts.ts";

/** Longer chunks hardly come twice: they are normalized at once. UTF-16 units. */
const LONGEST_CHUNK = 64;
/** Texts without a place to cut are read in parts of this many UTF-16 units, so that one line may be a whole book. */
const LONGEST_STRETCH = 2 ** 16;
const CHUNKS_A_STEP = 4096;

/**
 * Counts the words of texts: what normalizer and pre-tokenizer leave of them. Chunks of raw text (`Chunk`) are counted
 * first and normalized once each when all is read.
 */
export class WordCounter {
  private readonly normalizer: Normalizer | undefined;
  private readonly preTokenizer: PreTokenizer;
  private readonly isLocal: boolean;
  private readonly chunk: Chunk;
  private readonly chunks: StringCounts;
  private readonly words: StringCounts;

  constructor(normalizer: Normalizer | undefined, preTokenizer: PreTokenizer, options: StringCountsOptions = {}) {
    this.normalizer = normalizer;
    this.preTokenizer = preTokenizer;
    this.isLocal = (normalizer?.isLocal ?? true) && preTokenizer.isLocal;
    const separates = normalizer instanceof BertNormalizer && normalizer.separatesIdeographs;
    this.chunk = new Chunk(separates && preTokenizer instanceof BertPreTokenizer);
    this.chunks = new StringCounts(options);
    this.words = new StringCounts(options);
  }

  /** Counts the words of a text, which must be well formed. */
  add(text: string): void {
    const { chunk, chunks, isLocal } = this;
    if (!isLocal) {
      this.addPieces(text, 1);
      return;
    }
    for (let at = 0; at < text.length; at = chunk.end) {
      chunk.next(text, at);
      if (chunk.end - at <= LONGEST_CHUNK) chunks.add(text, at, chunk.end, chunk.hash, 1);
      else this.addLong(text, at, chunk.end);
    }
  }

  /** The words with their counts, once all texts are read. Counts nothing more afterwards. */
  *finish(): TrainingSteps<StringCounts> {
    const { chunks, words } = this;
    for (let index = 0; index < chunks.size; index++) {
      this.addPieces(chunks.textOf(index), chunks.counts[index]!);
      if (index % CHUNKS_A_STEP === 0) yield { phase: "normalize", done: index, total: chunks.size, unit: "chunks" };
    }
    words.dropped += chunks.dropped;
    return words;
  }

  private addLong(text: string, start: number, end: number): void {
    for (let at = start; at < end; ) {
      let to = Math.min(end, at + LONGEST_STRETCH);
      if (to < end && (text.charCodeAt(to) & 0xfc00) === 0xdc00) to++;
      this.addPieces(text.slice(at, to), 1);
      at = to;
    }
  }

  private addPieces(text: string, count: number): void {
    const source = new NormalizedText(text);
    const whole = Pieces.whole(this.normalizer?.normalize(source) ?? source);
    const pieces = this.preTokenizer.split(whole);
    const normalized = pieces.text.text;
    for (let i = 0; i < pieces.length; i++) {
      const [start, end] = [pieces.starts[i]!, pieces.ends[i]!];
      this.words.add(normalized, start, end, hashOf(normalized, start, end), count);
    }
  }
}

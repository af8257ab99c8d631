import { textsOf } from "../../datasets/data-row.ts";
import { Dataset, type DatasetOptions } from "../../datasets/dataset.ts";
import { readPlainText } from "../../datasets/plain-text.ts";
import { InputError } from "../../errors.ts";
import { type OnProgress, ProgressMeter } from "../../tasks/progress.ts";
import { TimeSlice } from "../../tasks/time-slice.ts";
import type { Encoding } from "../../tokenizers/encoding.ts";
import type { Tokenizer } from "../../tokenizers/tokenizer.ts";
import { packRows, type TokenText } from "../batches/pack.ts";
import { itemsOf, sequenceOf } from "../batches/sequence.ts";
import type { SentenceDocument } from "../objectives/sentence-pairs.ts";

/**
 * How texts become rows: `joined`: one after another, cut at `length`, and attention sees the whole row; `documents`: as
 * well, but attention stays within each text; `none`: each text is a row, longer ones several.
 */
export type Packing = "joined" | "documents" | "none";
export const PACKINGS: readonly Packing[] = ["joined", "documents", "none"];

/** What a model reads at once. */
export interface PretrainingRow {
  readonly ids: Int32Array; // [T]
  /** Where attention begins anew, and the end. */
  readonly offsets: Int32Array;
  /** `[T]`: the word of each token, -1 for special ones; where an objective asks for it. */
  readonly words?: Int32Array | undefined;
  readonly typeIds?: Int32Array | undefined; // [T]
  /** Of pairs of segments. */
  readonly pairLabel?: 0 | 1 | undefined;
}

export interface CorpusOptions extends Pick<DatasetOptions, "columns" | "format" | "skipBadRows"> {
  readonly tokenizer: Tokenizer;
  /** Tokens of a row. */
  readonly length: number;
  readonly packing: Packing;
  /** Whether rows say which tokens are a word. */
  readonly needsWords: boolean;
  /** Rows (or documents) to stop after. Default: all. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Sentences of documents without blank lines are parted here, so that there are others to draw from. */
const LONGEST_DOCUMENT = 500;

/** Opens a corpus's files. @throws InputError when one is not there or empty. */
export async function openCorpus(
  files: readonly string[],
  { columns, format, skipBadRows }: Pick<DatasetOptions, "columns" | "format" | "skipBadRows">,
): Promise<Dataset[]> {
  const sets: Dataset[] = [];
  for (const file of files) sets.push(await Dataset.open(file, { columns, format, skipBadRows, target: "none" }));
  return sets;
}

/** The rows of a corpus, in its order. @throws InputError when it does not fill one. */
export async function* readRows(sets: readonly Dataset[], options: CorpusOptions): AsyncGenerator<PretrainingRow> {
  const { length, limit = Number.POSITIVE_INFINITY } = options;
  let count = 0;
  for await (const row of allRows(sets, options)) {
    yield row;
    if (++count >= limit) return;
  }
  if (count > 0) return;
  const names = sets.map(({ name }) => name).join(", ");
  throw new InputError(`${names}: fewer than ${length} tokens in all, not one row. Add text, or lower length.`);
}

async function* allRows(sets: readonly Dataset[], options: CorpusOptions): AsyncGenerator<PretrainingRow> {
  const { length, packing } = options;
  if (packing === "none") {
    for await (const encoding of encodings(sets, options)) {
      for (const window of encoding.windows) yield rowOf(window, options);
    }
    return;
  }
  const texts = sequenceOf(() => tokenTexts(sets, options));
  for await (const [row] of itemsOf(packRows(texts, { length }))) {
    yield packing === "joined" ? { ...row, offsets: Int32Array.of(0, length) } : row;
  }
}

function rowOf(encoding: Encoding, { needsWords }: CorpusOptions): PretrainingRow {
  return { ...tokenText(encoding, needsWords), offsets: Int32Array.of(0, encoding.ids.length) };
}

function tokenText(encoding: Encoding, needsWords: boolean): TokenText {
  const { ids } = encoding;
  return needsWords ? { ids, words: Int32Array.from(encoding.words, (word) => word ?? -1) } : { ids };
}

async function* tokenTexts(sets: readonly Dataset[], options: CorpusOptions): AsyncGenerator<TokenText> {
  for await (const encoding of encodings(sets, options)) yield tokenText(encoding, options.needsWords);
}

async function* encodings(sets: readonly Dataset[], options: CorpusOptions): AsyncGenerator<Encoding> {
  const { tokenizer, packing, length, signal, onProgress } = options;
  const windows = packing === "none" ? { maxLength: length, stride: 0 } : {};
  const meter = new ProgressMeter(onProgress, "tokenize", "texts");
  const slice = new TimeSlice();
  let told = 0;
  for (const set of sets) {
    for await (const row of set) {
      for (const text of textsOf(row)) {
        yield tokenizer.encode(text, { ...windows, specialTokens: "text" });
        told++;
      }
      if (!slice.isOver) continue;
      await slice.yield();
      signal?.throwIfAborted();
      meter.advance(told);
      told = 0;
    }
  }
}

/**
 * The documents of a corpus as sentences. In plain text blank lines part documents; in other files each row is one. A
 * token is its id twice, plus 1 where it begins a word: pairs of segments keep it, and words are known afterwards.
 */
export async function* readDocuments(
  sets: readonly Dataset[],
  options: CorpusOptions,
): AsyncGenerator<SentenceDocument> {
  const { tokenizer, signal, limit = Number.POSITIVE_INFINITY } = options;
  let count = 0;
  const slice = new TimeSlice();
  for (const set of sets) {
    for await (const lines of documentLines(set)) {
      const sentences = lines.flatMap(sentencesOf).map((sentence) => markedTokens(sentence, tokenizer));
      const filled = sentences.filter(({ length }) => length > 0);
      if (filled.length > 0) {
        yield filled;
        count++;
      }
      if (count >= limit) return;
      if (!slice.isOver) continue;
      await slice.yield();
      signal?.throwIfAborted();
    }
  }
  if (count > 1) return;
  throw new InputError(`${sets.map(({ name }) => name).join(", ")}: fewer than two documents; pairs need more.`);
}

async function* documentLines(set: Dataset): AsyncGenerator<string[]> {
  if (set.format !== "lines") {
    for await (const row of set) yield textsOf(row).flatMap((text) => text.split("\n"));
    return;
  }
  let [lines, current]: [string[], number] = [[], 0];
  for await (const { text, document } of readPlainText(set.file)) {
    if (lines.length > 0 && (document !== current || lines.length >= LONGEST_DOCUMENT)) {
      yield lines;
      lines = [];
    }
    current = document;
    lines.push(text);
  }
  if (lines.length > 0) yield lines;
}

const SENTENCES = new Intl.Segmenter("en", { granularity: "sentence" });

function sentencesOf(line: string): string[] {
  return Array.from(SENTENCES.segment(line), ({ segment }) => segment.trim()).filter((sentence) => sentence !== "");
}

function markedTokens(sentence: string, tokenizer: Tokenizer): Int32Array {
  const { ids, words } = tokenizer.encode(sentence, { addSpecialTokens: false, specialTokens: "text" });
  return ids.map((id, i) => 2 * id + Number(i === 0 || words[i] !== words[i - 1]));
}

/** A pair as the tokenizer lays pairs out: `[CLS] first [SEP] second [SEP]`. */
export class PairLayout {
  readonly #parts: readonly (readonly number[])[];
  readonly #types: readonly [number, number];

  constructor(tokenizer: Tokenizer) {
    const { ids, sequenceIds, typeIds } = tokenizer.encode("a", { pair: "a" });
    const first = sequenceIds.indexOf(0);
    const second = sequenceIds.indexOf(1);
    const middle = sequenceIds.indexOf(null, first);
    const end = sequenceIds.indexOf(null, second);
    const between = (from: number, to?: number) => [...ids.slice(from, to)];
    this.#parts = [between(0, first), between(middle, second), between(end)];
    this.#types = [typeIds[first]!, typeIds[second]!];
  }

  /** Special tokens of a pair. */
  get added(): number {
    return this.#parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** @param first, second tokens with their marks, as `readDocuments` makes them */
  lay(first: Int32Array, second: Int32Array, label: 0 | 1): PretrainingRow {
    const [before, between, after] = this.#parts as [number[], number[], number[]];
    const plain = (marked: Int32Array) => Array.from(marked, (token) => token >> 1);
    const ids = Int32Array.from([...before, ...plain(first), ...between, ...plain(second), ...after]);
    let word = -1;
    const wordsOf = (marked: Int32Array) => Array.from(marked, (token) => (token & 1 ? ++word : word));
    const none = (part: readonly number[]) => part.map(() => -1);
    const words = [...none(before), ...wordsOf(first), ...none(between), ...wordsOf(second), ...none(after)];
    const typeIds = new Int32Array(ids.length).fill(this.#types[0]);
    typeIds.fill(this.#types[1], before.length + first.length + between.length);
    return { ids, typeIds, words: Int32Array.from(words), offsets: Int32Array.of(0, ids.length), pairLabel: label };
  }
}

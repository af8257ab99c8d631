import { InputError } from "../errors.ts";
import { OffsetConverter, type OffsetUnit } from "./offsets.ts";
import type { PostProcessor, Template } from "./post-processor.ts";
import { END, ID, START, TOKEN_NUMBERS, WORD } from "./token-sequence.ts";
import type { TokenRange } from "./truncation.ts";

/** More windows are refused: in a pair every window of one text meets every window of the other. */
const MAX_WINDOWS = 100_000;

/** The tokens of one text. */
export interface EncodedSequence {
  /** The text, or the words that were given for it: then ranges count from the beginning of the token's word. */
  readonly text: string | readonly string[];
  readonly length: number;
  /** As in `TokenSequence`. */
  readonly data: Int32Array;
  /** What truncation leaves and, after it, the windows over the rest where they were asked for. */
  readonly windows: readonly TokenRange[];
}

/** What an encoding asks of the tokenizer that made it. */
export interface TokenSpelling {
  tokenOf(id: number): string | undefined;
  /** How many whitespace characters a token carries at its beginning and end, when it stands for `matched` text. */
  spaceAround(id: number, matched: string): readonly [leading: number, trailing: number];
}

/** What the windows of one call share. */
export interface EncodingSource {
  readonly sequences: readonly EncodedSequence[];
  readonly template: Template;
  readonly trimming: PostProcessor["trimming"];
  readonly spelling: TokenSpelling;
  readonly unit: OffsetUnit;
}

/** Tokens that stand together: those that a template part adds, or the chosen window of a text. */
interface Run {
  /** Position of the first token. */
  readonly at: number;
  readonly length: number;
  readonly typeId: number;
  /** Undefined for special tokens. */
  readonly sequence: 0 | 1 | undefined;
  /** Index of the first token in its text. */
  readonly start: number;
  /** Ids of special tokens. */
  readonly ids: readonly number[];
}

/**
 * The tokens of a text or a pair, with special tokens around them: T in all. Everything but `ids` is worked out when it is
 * first read.
 */
export class Encoding {
  /** `[T]` */
  readonly ids: Int32Array;
  readonly #source: EncodingSource;
  /** Which window of each text this is. */
  readonly #choice: readonly number[];
  readonly #runs: readonly Run[];
  #windows: readonly Encoding[] | undefined;

  /** For `Tokenizer.encode`; use that. */
  constructor(source: EncodingSource, choice: readonly number[] = source.sequences.map(() => 0)) {
    this.#source = source;
    this.#choice = choice;
    this.#runs = layOut(source, choice);
    const last = this.#runs.at(-1);
    this.ids = new Int32Array(last === undefined ? 0 : last.at + last.length);
    for (const { at, length, sequence, start, ids } of this.#runs) {
      if (sequence === undefined) {
        for (let i = 0; i < length; i++) this.ids[at + i] = ids[i]!;
      } else {
        const { data } = source.sequences[sequence]!;
        for (let i = 0; i < length; i++) this.ids[at + i] = data[(start + i) * TOKEN_NUMBERS + ID]!;
      }
    }
  }

  /** Which part of the input a token belongs to, as the model was trained: `[T]`. */
  get typeIds(): Int32Array {
    const out = new Int32Array(this.ids.length);
    for (const { at, length, typeId } of this.#runs) out.fill(typeId, at, at + length);
    return out;
  }

  /** 1 for tokens that were set around the texts, 0 for those of the texts: `[T]`. */
  get special(): Uint8Array {
    const out = new Uint8Array(this.ids.length);
    for (const { at, length, sequence } of this.#runs) if (sequence === undefined) out.fill(1, at, at + length);
    return out;
  }

  /** As the vocabulary spells them: `[T]`. */
  get tokens(): string[] {
    return Array.from(this.ids, (id) => this.#source.spelling.tokenOf(id) ?? "");
  }

  /** Number of the text that a token belongs to; null for special tokens: `[T]`. */
  get sequenceIds(): (0 | 1 | null)[] {
    return this.#collect(
      (sequence) => sequence,
      () => null,
    );
  }

  /** Number of a token among all of its text, whichever window it stands in; null for special tokens: `[T]`. */
  get indices(): (number | null)[] {
    return this.#collect(
      (_, index) => index,
      () => null,
    );
  }

  /** Number of a token's word in its text; null for special tokens: `[T]`. */
  get words(): (number | null)[] {
    const { sequences } = this.#source;
    return this.#collect(
      (sequence, index) => sequences[sequence]!.data[index * TOKEN_NUMBERS + WORD]!,
      () => null,
    );
  }

  /** Ranges `[start, end)` in a token's text, or in its word where words were given; `[0, 0]` for special tokens: `[T]`. */
  get offsets(): [start: number, end: number][] {
    const { sequences, unit } = this.#source;
    const converters = sequences.map(({ text }) => new OffsetConverter(text, unit));
    return this.#collect(
      (sequence, index, isFirst) => {
        const [start, end, word] = this.#rangeOf(sequences[sequence]!, index, isFirst);
        const converter = converters[sequence]!;
        return [converter.convert(start, word), converter.convert(end, word)];
      },
      () => [0, 0],
    );
  }

  /** Whether the texts have tokens that do not stand here. */
  get truncated(): boolean {
    return this.#chosen().some(({ sequence, range }) => range.end - range.start < sequence.length);
  }

  /** How much of the texts the missing tokens stand for, in UTF-16 units. */
  get droppedCharacters(): number {
    return this.#chosen().reduce((sum, { sequence, range }) => sum + droppedCharacters(sequence, range), 0);
  }

  /**
   * All windows over the texts, this first one among them, where overlap was asked for (`stride`); else this encoding
   * alone.
   *
   * @throws InputError when there are more than 100,000.
   */
  get windows(): readonly Encoding[] {
    this.#windows ??= windowChoices(this.#source).map((choice, i) =>
      i === 0 ? this : new Encoding(this.#source, choice),
    );
    return this.#windows;
  }

  /** What the command line and the server print. */
  toJSON(): Record<string, unknown> {
    const { ids, tokens, offsets, words, typeIds, special } = this;
    return { ids: [...ids], tokens, offsets, words, typeIds: [...typeIds], special: [...special] };
  }

  #chosen(): { sequence: EncodedSequence; range: TokenRange }[] {
    return this.#source.sequences.map((sequence, i) => ({ sequence, range: sequence.windows[this.#choice[i]!]! }));
  }

  #collect<T>(ofText: (sequence: 0 | 1, index: number, isFirst: boolean) => T, ofSpecial: () => T): T[] {
    const out: T[] = [];
    for (const { length, sequence, start } of this.#runs) {
      for (let i = 0; i < length; i++) {
        out.push(sequence === undefined ? ofSpecial() : ofText(sequence, start + i, i === 0));
      }
    }
    return out;
  }

  /** UTF-16 range of a token and its word; `isFirst`: it begins its window. */
  #rangeOf(
    { data, text }: EncodedSequence,
    index: number,
    isFirst: boolean,
  ): [start: number, end: number, word: number] {
    const at = index * TOKEN_NUMBERS;
    const word = data[at + WORD]!;
    let start = data[at + START]!;
    let end = data[at + END]!;
    const { trimming, spelling } = this.#source;
    if (trimming === undefined) return [start, end, word];
    const matched = (typeof text === "string" ? text : text[word]!).slice(start, end);
    const [leading, trailing] = spelling.spaceAround(data[at + ID]!, matched);
    const isAdded = trimming.addsPrefixSpace && leading === 1 && (isFirst || start === 0);
    if (!isAdded) start = Math.min(start + leading, end);
    if (end >= trailing) end = Math.max(end - trailing, start);
    return [start, end, word];
  }
}

function layOut({ sequences, template }: EncodingSource, choice: readonly number[]): Run[] {
  let at = 0;
  return template.map((part) => {
    const begin = at;
    if (part.kind === "special") {
      at += part.ids.length;
      return { at: begin, length: part.ids.length, typeId: part.typeId, sequence: undefined, start: 0, ids: part.ids };
    }
    const chosen = choice[part.sequence]!;
    const { start, end } = sequences[part.sequence]!.windows[chosen]!;
    at += end - start;
    const typeId = chosen === 0 ? part.typeId : part.overflowTypeId;
    return { at: begin, length: end - start, typeId, sequence: part.sequence, start, ids: [] };
  });
}

/** The reference's order: the first window, then each further one of the first text with every one of the second, ... */
function windowChoices({ sequences }: EncodingSource): number[][] {
  const [first, second] = sequences;
  const firsts = first!.windows.length;
  const seconds = second?.windows.length ?? 1;
  if (firsts * seconds > MAX_WINDOWS) {
    throw new InputError(
      `These texts have ${firsts * seconds} windows; at most ${MAX_WINDOWS} are made. ` +
        'Raise maxLength, lower stride, or cut only one text: truncation: "only-second".',
    );
  }
  const choices = [[0, 0]];
  for (let i = 1; i < firsts; i++) for (let j = 0; j < seconds; j++) choices.push([i, j]);
  for (let j = 1; j < seconds; j++) choices.push([0, j]);
  return second === undefined ? choices.map(([i]) => [i!]) : choices;
}

/** UTF-16 units before the first and after the last token of a range. */
function droppedCharacters({ text, length, data }: EncodedSequence, { start, end }: TokenRange): number {
  const words = typeof text === "string" ? [text] : text;
  const lengthOf = (from: number, to?: number) => words.slice(from, to).reduce((sum, word) => sum + word.length, 0);
  const wordOf = (index: number) => (typeof text === "string" ? 0 : data[index * TOKEN_NUMBERS + WORD]!);
  if (start === end) return length === 0 ? 0 : lengthOf(0);
  const before = start === 0 ? 0 : lengthOf(0, wordOf(start)) + data[start * TOKEN_NUMBERS + START]!;
  const after = end === length ? 0 : lengthOf(wordOf(end - 1)) - data[(end - 1) * TOKEN_NUMBERS + END]!;
  return before + after;
}

import { InputError } from "../errors.ts";
import type { OffsetConverter } from "./offsets.ts";
import type { PostProcessor, Template } from "./post-processor.ts";
import type { TokenRange } from "./truncation.ts";

/** More windows are refused: in a pair every window of one text meets every window of the other. */
const MAX_WINDOWS = 100_000;

/** The tokens of one text. */
export interface EncodedSequence {
  /** The text, or the words that were given for it: then ranges count from the beginning of the token's word. */
  readonly text: string | readonly string[];
  readonly ids: Int32Array;
  /** UTF-16 ranges in `text`. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly words: Int32Array;
  /** What truncation leaves and, after it, the windows over the rest where they were asked for. */
  readonly windows: readonly TokenRange[];
  readonly offsets: OffsetConverter;
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
      if (sequence === undefined) this.ids.set(ids, at);
      else this.ids.set(source.sequences[sequence]!.ids.subarray(start, start + length), at);
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

  /** Number of a token's word in its text; null for special tokens: `[T]`. */
  get words(): (number | null)[] {
    const { sequences } = this.#source;
    return this.#collect(
      (sequence, index) => sequences[sequence]!.words[index]!,
      () => null,
    );
  }

  /** Ranges `[start, end)` in a token's text, or in its word where words were given; `[0, 0]` for special tokens: `[T]`. */
  get offsets(): [start: number, end: number][] {
    return this.#collect(
      (sequence, index, isFirst) => this.#offsetsOf(this.#source.sequences[sequence]!, index, isFirst),
      () => [0, 0],
    );
  }

  /** Whether the texts have tokens that do not stand here. */
  get truncated(): boolean {
    return this.#chosen().some(({ sequence, range }) => range.end - range.start < sequence.ids.length);
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

  #offsetsOf(sequence: EncodedSequence, index: number, isFirst: boolean): [number, number] {
    const word = sequence.words[index]!;
    let start = sequence.starts[index]!;
    let end = sequence.ends[index]!;
    const { trimming, spelling } = this.#source;
    if (trimming !== undefined) {
      const text = typeof sequence.text === "string" ? sequence.text : sequence.text[word]!;
      const [leading, trailing] = spelling.spaceAround(sequence.ids[index]!, text.slice(start, end));
      const isAdded = trimming.addsPrefixSpace && leading === 1 && (isFirst || start === 0);
      if (!isAdded) start = Math.min(start + leading, end);
      if (end >= trailing) end = Math.max(end - trailing, start);
    }
    return [sequence.offsets.convert(start, word), sequence.offsets.convert(end, word)];
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
function droppedCharacters({ text, ids, starts, ends, words }: EncodedSequence, { start, end }: TokenRange): number {
  const lengthOf = (from: number, to?: number) =>
    typeof text === "string" ? 0 : text.slice(from, to).reduce((sum, word) => sum + word.length, 0);
  const wholeLength = typeof text === "string" ? text.length : lengthOf(0);
  if (start === end) return ids.length === 0 ? 0 : wholeLength;
  const before = start === 0 ? 0 : lengthOf(0, words[start]!) + starts[start]!;
  if (end === ids.length) return before;
  const rest = typeof text === "string" ? text.length : text[words[end - 1]!]!.length;
  return before + rest - ends[end - 1]! + lengthOf(words[end - 1]! + 1);
}

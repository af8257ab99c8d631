import { InputError } from "../errors.ts";
import type { AddedVocabulary } from "./added-vocabulary.ts";
import { type EncodedSequence, Encoding } from "./encoding.ts";
import type { OffsetUnit } from "./offsets.ts";
import { Pipeline, type SpecialTokenReading } from "./pipeline.ts";
import { addedCount, type Template } from "./post-processor.ts";
import { readTokenizer } from "./read-tokenizer.ts";
import type { SpecialTokens } from "./special-tokens.ts";
import type { PatternReading } from "./split-pattern.ts";
import { TOKEN_NUMBERS, TokenSequence, WORD } from "./token-sequence.ts";
import { spaceAround } from "./token-space.ts";
import { folderFiles, type TokenizerFiles } from "./tokenizer-files.ts";
import type { TokenizerParts } from "./tokenizer-parts.ts";
import { keptLengths, type TruncationSide, type TruncationStrategy, windowRanges } from "./truncation.ts";

/** A text, or its words where it was cut before. */
export type TokenizerInput = string | readonly string[];

/** How a tokenizer is opened. */
export interface TokenizerLoadOptions {
  /**
   * What becomes of patterns in a tokenizer.json that cannot be matched in linear time, such as those with lookaround:
   * "linear" refuses them, "backtracking" hands them to JavaScript's own engine, which a hostile file can stall for as
   * long as it likes. Default "linear".
   */
  patterns?: PatternReading;
}

/** How a text becomes ids. */
export interface EncodeOptions {
  /** A second text, as in question and passage. */
  pair?: TokenizerInput;
  /** Most tokens of the result, special ones counted. Default: no limit. */
  maxLength?: number;
  /** What gives way to `maxLength`. Default "longest-first". */
  truncation?: TruncationStrategy;
  /** Which end is cut off. Default: as tokenizer_config.json says, else "right". */
  side?: TruncationSide;
  /**
   * Asks for windows over all of the text (`Encoding.windows`) that share this many tokens. Default: none; then what is
   * cut off on the right is not even read.
   */
  stride?: number;
  /** Default true. */
  addSpecialTokens?: boolean;
  /**
   * Whether text that spells a special token, such as "[MASK]", stands for it ("parse") or is plain text ("text"). Take
   * "text" for input that is not yours: with "parse" anyone can write "[SEP]" into it. Default "parse".
   */
  specialTokens?: SpecialTokenReading;
  /** What offsets count. Default "utf16", as JavaScript strings do. */
  offsets?: OffsetUnit;
}

/** How ids become text. */
export interface DecodeOptions {
  /** Leave special tokens out. Default false. */
  skipSpecial?: boolean;
}

/**
 * Turns texts into the token ids that a model reads, and back.
 *
 *     const tokenizer = await Tokenizer.load("models/bert-base-uncased");
 *     const { ids, tokens, offsets } = tokenizer.encode("A man is playing a flute.");
 */
export class Tokenizer {
  /** `[CLS]`, `[SEP]`, `[PAD]`, ... by the part they play, as far as the files say. */
  readonly specialTokens: SpecialTokens;
  /** The longest input in tokens, where tokenizer_config.json states one. */
  readonly maxLength: number | undefined;
  /** The end that `encode` cuts off unless a call says otherwise. */
  readonly truncationSide: TruncationSide;
  /** The length that tokenizer.json asks to cut every text to, where it does. It is not obeyed: pass `maxLength`. */
  readonly truncationLength: number | undefined;
  readonly #parts: TokenizerParts;
  readonly #pipeline: Pipeline;
  readonly #spaces = new Map<number, readonly [number, number]>();
  /** Filled anew by every call. */
  readonly #tokens = new TokenSequence();

  /** `Tokenizer.load` reads files; this takes the parts. */
  constructor(parts: TokenizerParts) {
    this.#parts = parts;
    this.#pipeline = new Pipeline(parts);
    this.specialTokens = parts.specialTokens;
    this.maxLength = parts.maxLength;
    this.truncationSide = parts.truncationSide;
    this.truncationLength = parts.truncationLength;
  }

  /**
   * Opens the tokenizer of a model folder, or of files from elsewhere.
   *
   * @throws TokenizerError when there is none, or a file cannot be used.
   */
  static async load(where: string | TokenizerFiles, options: TokenizerLoadOptions = {}): Promise<Tokenizer> {
    return new Tokenizer(await readTokenizer(typeof where === "string" ? folderFiles(where) : where, options));
  }

  /** Number of different tokens, added ones among them. Ids may be larger where a vocabulary has gaps. */
  get size(): number {
    return this.#parts.model.size + this.#added.extraSize;
  }

  get #added(): AddedVocabulary {
    return this.#parts.added;
  }

  /** The id of a token, spelled as in the vocabulary. */
  idOf(token: string): number | undefined {
    return this.#added.idOf(token) ?? this.#parts.model.idOf(token);
  }

  /** How the vocabulary spells an id. */
  tokenOf(id: number): string | undefined {
    return this.#added.get(id)?.content ?? this.#parts.model.tokenOf(id);
  }

  /**
   * The tokens of a text or, with `pair`, of two.
   *
   * @throws InputError for options that contradict each other, or texts that cannot be cut as they ask.
   */
  encode(text: TokenizerInput, options: EncodeOptions = {}): Encoding {
    const { pair, truncation = "longest-first", side = this.truncationSide, stride, offsets = "utf16" } = options;
    const inputs = pair === undefined ? [text] : [text, pair];
    const template = this.#template(inputs.length, options.addSpecialTokens ?? true);
    const room = roomFor(template, options);
    const reading = options.specialTokens ?? "parse";
    const readsOn = stride !== undefined || side === "left" || truncation === "none";
    let read = inputs.map((input) => this.#read(input, readsOn ? Infinity : room, reading));
    // Of two texts that are both longer than the room, the longer one gets the odd token.
    const isTie = read.length === 2 && room % 2 === 1 && read.every(({ length }) => length > room);
    if (isTie && !readsOn && truncation === "longest-first") {
      read = inputs.map((input) => this.#read(input, Infinity, reading));
    }
    const kept = keptLengths(
      read.map(({ length }) => length),
      room,
      truncation,
    );
    const sequences = read.map(({ text, length, data }, i): EncodedSequence => {
      const windows = windowRanges(length, kept[i]!, stride ?? 0, side);
      return { text, length, data, windows: stride === undefined ? windows.slice(0, 1) : windows };
    });
    const { trimming } = this.#parts.postProcessor;
    return new Encoding({ sequences, template, trimming, spelling: this.#spelling, unit: offsets });
  }

  /** The text that ids stand for. Ids that no token has are left out. */
  decode(ids: Iterable<number>, options: DecodeOptions = {}): string {
    const tokens: string[] = [];
    for (const id of ids) {
      const token = this.#added.textOf(id) ?? this.#parts.model.tokenOf(id);
      if (token === undefined || (options.skipSpecial && this.#added.isSpecial(token))) continue;
      tokens.push(token);
    }
    return this.#parts.decoder === undefined ? tokens.join(" ") : this.#parts.decoder.decode(tokens).join("");
  }

  #template(texts: number, addSpecialTokens: boolean): Template {
    const { single, pair } = this.#parts.postProcessor;
    const template = texts === 1 ? single : pair;
    const missing = [0, 1]
      .slice(0, texts)
      .find((i) => !template.some((part) => part.kind === "sequence" && part.sequence === i));
    if (missing !== undefined) {
      throw new InputError(`This tokenizer has no template for ${texts === 1 ? "a single text" : "pairs"}.`);
    }
    return addSpecialTokens ? template : template.filter((part) => part.kind === "sequence");
  }

  #read(input: TokenizerInput, limit: number, reading: SpecialTokenReading) {
    const tokens = this.#tokens;
    tokens.clear();
    const text = typeof input === "string" ? wellFormed(input) : input.map(wellFormed);
    if (typeof text === "string") this.#pipeline.tokenize(text, tokens, limit, reading);
    else this.#readWords(text, limit, reading);
    return { text, length: tokens.length, data: tokens.data.slice(0, tokens.length * TOKEN_NUMBERS) };
  }

  #readWords(words: readonly string[], limit: number, reading: SpecialTokenReading): void {
    const tokens = this.#tokens;
    for (let i = 0; i < words.length && tokens.length <= limit; i++) {
      const first = tokens.length;
      this.#pipeline.tokenize(words[i]!, tokens, limit, reading);
      for (let at = first; at < tokens.length; at++) tokens.data[at * TOKEN_NUMBERS + WORD] = i;
    }
  }

  readonly #spelling = {
    tokenOf: (id: number) => this.tokenOf(id),
    spaceAround: (id: number, matched: string) => {
      if (this.#added.get(id) !== undefined) return spaceAround(matched);
      let space = this.#spaces.get(id);
      if (space === undefined) {
        space = spaceAround(this.tokenOf(id) ?? "");
        this.#spaces.set(id, space);
      }
      return space;
    },
  };
}

/** Tokens of the texts that fit beside the special ones. */
function roomFor(template: Template, { maxLength, stride, truncation }: EncodeOptions): number {
  if (stride !== undefined && (!Number.isInteger(stride) || stride < 0)) {
    throw new InputError(`stride is ${stride}; expected 0 or a larger integer.`);
  }
  if (maxLength === undefined || truncation === "none") return Infinity;
  if (!Number.isInteger(maxLength) || maxLength < 0) {
    throw new InputError(`maxLength is ${maxLength}; expected 0 or a larger integer.`);
  }
  const added = addedCount(template);
  if (maxLength < added) {
    throw new InputError(`maxLength is ${maxLength}, but ${added} special tokens are added; pass at least ${added}.`);
  }
  if (stride !== undefined && stride > 0 && stride >= maxLength - added) {
    throw new InputError(
      `stride is ${stride}, but windows hold ${maxLength - added} tokens of the text (maxLength ${maxLength} without ` +
        `${added} special tokens); pass a smaller stride.`,
    );
  }
  return maxLength - added;
}

/** Lone surrogates, which are no characters, become U+FFFD; lengths stay. */
function wellFormed(text: string): string {
  // ES2024; the type library is that of ES2023.
  return (text as string & { toWellFormed(): string }).toWellFormed();
}

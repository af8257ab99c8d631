import { InputError } from "../errors.ts";
import type { Encoding } from "../tokenizers/encoding.ts";
import type { Tokenizer, TokenizerInput } from "../tokenizers/tokenizer.ts";
import type { TruncationSide, TruncationStrategy } from "../tokenizers/truncation.ts";
import { lowercase } from "./lowercase.ts";
import type { Tokenized } from "./read-windows.ts";
import { type TextInput, textsOf } from "./text-pair.ts";

/** What becomes of texts longer than `maxLength`: cut, refused, or read in windows. */
export type Truncation = "truncate" | "error" | "window";

/** How texts are read, whatever the task. */
export interface ReadOptions {
  /** What becomes of texts longer than the model's `maxLength`. */
  readonly truncation?: Truncation | undefined;
  /** Tokens that neighbouring windows share. */
  readonly stride?: number | undefined;
  /** The end that "truncate" cuts off, and that windows begin opposite to. Default: as the tokenizer says, else "right". */
  readonly side?: TruncationSide | undefined;
}

/** `ReadOptions` with a task's defaults filled in, and what its users cannot choose. */
export interface ReaderOptions {
  readonly truncation: Truncation;
  /** Default: 0. */
  readonly stride?: number | undefined;
  readonly side?: TruncationSide | undefined;
  /** Which of two texts gives way. Default: "longest-first". */
  readonly strategy?: Exclude<TruncationStrategy, "none"> | undefined;
  /** What stands before every text; of a pair before the first. Default: nothing. */
  readonly prompt?: string | undefined;
  /** What `truncation` may be. Default: all three. */
  readonly allowed?: readonly Truncation[] | undefined;
}

/** What the model reads of an input. */
export interface Reading extends Tokenized {
  /** One, or with "window" as many as it takes. */
  readonly windows: readonly Encoding[];
  /** Whether some of the input is in no window. */
  readonly truncated: boolean;
  /** UTF-16 units that are in none; 0 unless it was truncated. */
  readonly droppedCharacters: number;
}

/** What results tell of it with `detail: true`. */
export interface ReadingDetail {
  /** Tokens that the model read, special ones included; what windows share counts in each. */
  readonly tokens: number;
  /** Whether the input was longer than that. */
  readonly truncated: boolean;
  /** UTF-16 units of the input that the model did not read; 0 unless it was truncated. */
  readonly droppedCharacters: number;
}

/** What decides how texts are read. */
export interface ReadingModel {
  readonly tokenizer: Tokenizer;
  readonly maxLength: number;
  readonly layout: { readonly lowercase: boolean } | undefined;
}

/** Turns texts, or pairs of them, into what a model reads, as the checkpoint and a call's options ask. */
export class InputReader {
  readonly #model: ReadingModel;
  readonly #options: ReaderOptions;

  /** @throws InputError when an option has no such value. */
  constructor(model: ReadingModel, options: ReaderOptions) {
    const { truncation, side, allowed = ["truncate", "error", "window"] } = options;
    if (!allowed.includes(truncation)) {
      throw new InputError(`truncation is "${truncation}"; expected ${quoted(allowed)}.`);
    }
    if (side !== undefined && side !== "left" && side !== "right")
      throw new InputError(`side is "${side}"; expected "left" or "right".`);
    this.#model = model;
    this.#options = options;
  }

  /**
   * @param index the input's number, for messages; undefined where it is alone
   * @throws InputError when a text is no string, has no tokens, or is too long and must not be cut.
   */
  read(input: TextInput, index?: number): Reading {
    const [text, pair] = textsOf(input);
    const name = index === undefined ? "The text" : `Text ${index}`;
    for (const part of pair === undefined ? [text] : [text, pair]) {
      if (typeof part !== "string") throw new InputError(`${name} is of type ${typeof part}; expected a string.`);
    }
    return this.#read(name, text, pair);
  }

  /** As `read`, of a text that comes as its words. */
  readWords(words: readonly string[], index?: number): Reading {
    const name = index === undefined ? "The text" : `Text ${index}`;
    const wrong = Array.isArray(words) ? words.find((word) => typeof word !== "string") : words;
    if (wrong !== undefined) throw new InputError(`${name} has a word of type ${typeof wrong}; expected strings.`);
    return this.#read(name, words);
  }

  #read(name: string, text: TokenizerInput, pair?: string): Reading {
    const encoding = this.#encode(text, pair);
    const windows = this.#options.truncation === "window" ? encoding.windows : [encoding];
    const length = windows.reduce((sum, { ids }) => sum + ids.length, 0);
    if (length === 0) {
      throw new InputError(`${name} has no tokens, and this tokenizer adds none; pass a longer text.`);
    }
    const truncated = this.#options.truncation !== "window" && encoding.truncated;
    if (truncated && this.#options.truncation === "error") throw this.#tooLong(name, text, pair);
    return { windows, length, truncated, droppedCharacters: truncated ? droppedCharacters(encoding, text, pair) : 0 };
  }

  #encode(text: TokenizerInput, pair?: string, maxLength = this.#model.maxLength): Encoding {
    const { tokenizer, layout } = this.#model;
    const {
      truncation,
      stride = 0,
      side = tokenizer.truncationSide,
      strategy = "longest-first",
      prompt = "",
    } = this.#options;
    const prepare = (part: string) => (layout?.lowercase ? lowercase(part) : part);
    return tokenizer.encode(typeof text === "string" ? prepare(prompt + text) : text.map(prepare), {
      ...(pair === undefined ? {} : { pair: prepare(pair) }),
      ...(truncation === "window" ? { stride } : {}),
      maxLength,
      // Of one text there is only the first to cut.
      truncation: pair === undefined ? "longest-first" : strategy,
      side,
    });
  }

  /** Tokens are counted up to a bound: a text of megabytes is refused as fast as any other. */
  #tooLong(name: string, text: TokenizerInput, pair?: string): InputError {
    const { maxLength } = this.#model;
    const { ids, truncated } = this.#encode(text, pair, 100 * maxLength);
    const others = (this.#options.allowed ?? ["truncate", "window"]).filter((it) => it !== "error");
    const count = `${truncated ? "more than " : ""}${ids.length}`;
    return new InputError(
      `${name} has ${count} tokens; this model reads at most ${maxLength}. Pass truncation: ${quoted(others)}, or shorter texts.`,
    );
  }
}

/** Of a cut prompt the rest is no part of the text. */
function droppedCharacters(encoding: Encoding, text: TokenizerInput, pair = ""): number {
  const length = typeof text === "string" ? text.length : text.reduce((sum, word) => sum + word.length, 0);
  return Math.min(encoding.droppedCharacters, length + pair.length);
}

/** The part of a reading that results tell. */
export function readingDetail({ length, truncated, droppedCharacters }: Reading): ReadingDetail {
  return { tokens: length, truncated, droppedCharacters };
}

function quoted(names: readonly string[]): string {
  const all = names.map((name) => `"${name}"`);
  return all.length === 1 ? (all[0] as string) : `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;
}

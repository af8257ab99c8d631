import { InputError } from "../errors.ts";
import type { Encoding } from "../tokenizers/encoding.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { InputReader, type Reading } from "./read-input.ts";
import type { TaskModel } from "./task-model.ts";
import type { WordQuery } from "./word-logits.ts";

/** The tokens of a whole text, however long. */
export interface WholeText extends Reading {
  readonly text: string;
  readonly encoding: Encoding;
}

/** Reads texts whole: what the model sees of a long one is cut out around the token in question. */
export class WholeTextReader {
  readonly #reader: InputReader;
  readonly #maxLength: number;

  /** @throws InputError when `truncation` is neither "window" nor "error". */
  constructor(model: TaskModel, truncation: "window" | "error" = "window") {
    const { tokenizer, layout } = model;
    const maxLength = truncation === "error" ? model.maxLength : Number.MAX_SAFE_INTEGER;
    this.#reader = new InputReader({ tokenizer, layout, maxLength }, { truncation, allowed: ["window", "error"] });
    this.#maxLength = model.maxLength;
  }

  /** As `InputReader.read`. */
  read(text: string, index?: number): WholeText {
    const reading = this.#reader.read(text, index);
    const encoding = reading.windows[0] as Encoding;
    return { ...reading, length: Math.min(reading.length, this.#maxLength), text, encoding };
  }
}

/** Cuts out of a text what the model reads around a token. */
export class TokenContexts {
  readonly #ids: Int32Array;
  readonly #typeIds: Int32Array;
  /** Where the text's tokens stand between the special ones. */
  readonly #first: number;
  readonly #end: number;
  /** How many of them fit. */
  readonly #room: number;

  constructor({ ids, typeIds, special }: Encoding, maxLength: number) {
    this.#ids = ids;
    this.#typeIds = typeIds;
    this.#first = special.indexOf(0);
    this.#end = special.lastIndexOf(0) + 1;
    const length = this.#end - this.#first;
    this.#room = Math.min(maxLength - (ids.length - length), length);
  }

  /** Whether the whole text is one context. */
  get fits(): boolean {
    return this.#room === this.#end - this.#first;
  }

  /**
   * The whole text where it fits, else as many tokens on both sides of the first of `tokens` as fit beside the special
   * ones. The ids are made when they are read: of a text of n tokens there may be n contexts.
   *
   * @param replaced ids that stand instead of the text's own, by token
   */
  around(tokens: readonly number[], replaced: ReadonlyMap<number, number>): WordQuery {
    const [first, end, room] = [this.#first, this.#end, this.#room];
    const start = Math.max(first, Math.min((tokens[0] as number) - Math.floor(room / 2), end - room));
    const cut = (numbers: Int32Array) => {
      const context = new Int32Array(numbers.length - (end - first) + room);
      context.set(numbers.subarray(0, first));
      context.set(numbers.subarray(start, start + room), first);
      context.set(numbers.subarray(end), first + room);
      return context;
    };
    const [ids, typeIds] = [this.#ids, this.#typeIds];
    return {
      at: tokens.map((token) => token - start + first),
      get ids() {
        const context = cut(ids);
        for (const [token, id] of replaced) {
          if (token >= start && token < start + room) context[token - start + first] = id;
        }
        return context;
      },
      get typeIds() {
        return cut(typeIds);
      },
    };
  }
}

/** A mask of a text. */
export interface Mask {
  /** Its token, counted from the beginning of the text's encoding. */
  readonly token: number;
  /** Where it is spelled in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

/** @throws InputError when the text has none. */
export function findMasks({ text, encoding }: WholeText, mask: { id: number; token: string }, index?: number): Mask[] {
  const { offsets, ids } = encoding;
  const masks = Array.from(ids.entries()).flatMap(([token, id]): Mask[] => {
    if (id !== mask.id) return [];
    const [start, end] = offsets[token] as [number, number];
    // The range of a token that takes the space before it begins with that space.
    const at = text.indexOf(mask.token, start);
    return [at >= 0 && at < end ? { token, start: at, end: at + mask.token.length } : { token, start, end }];
  });
  if (masks.length > 0) return masks;
  const name = index === undefined ? "The text" : `Text ${index}`;
  throw new InputError(
    `${name} has no mask to fill; write ${mask.token} for the missing word, as in "Paris is the ${mask.token} of France."`,
  );
}

/** Characters around a mask that may change how a word in its place is cut. */
const NEIGHBOURHOOD = 64;

/** The tokens of a word where a mask stands, and whether the words beside it are others. */
export interface PlacedWord {
  readonly ids: readonly number[];
  /** Whether the tokens stand for the word, for nothing else, and belong to no other word's. */
  readonly isAlone: boolean;
}

/** How a word is cut into tokens in a mask's place: after a space, or after the beginning of a word. */
export function placeWord(tokenizer: Tokenizer, text: string, { start, end }: Mask, word: string): PlacedWord {
  const before = /\S*\s*$/.exec(text.slice(Math.max(0, start - NEIGHBOURHOOD), start))?.[0] ?? "";
  const after = /^\s*\S*/.exec(text.slice(end, end + NEIGHBOURHOOD))?.[0] ?? "";
  const snippet = before + word + after;
  const { ids, offsets, words } = tokenizer.encode(snippet, { addSpecialTokens: false });
  const [from, to] = [before.length, before.length + word.length];
  const places = offsets.flatMap(([begin, finish], i) => (finish > from && begin < to && finish > begin ? [i] : []));
  const [first, last] = [places[0], places.at(-1)];
  if (first === undefined || last === undefined) return { ids: [], isAlone: false };
  // The ranges of some tokenizers begin with the space before the word.
  const isExact = snippet.slice(offsets[first]?.[0], offsets[last]?.[1]).trim() === word;
  const isAlone = isExact && words[first] !== words[first - 1] && words[last] !== words[last + 1];
  return { ids: places.map((i) => ids[i] as number), isAlone };
}

import { InputError } from "../errors.ts";
import type { Encoding } from "../tokenizers/encoding.ts";
import type { WindowSpans } from "./answer-spans.ts";
import { InputReader, type Reading, type ReadingModel, type ReadOptions } from "./read-input.ts";

const STRIDE = 128;

/** A question, and the text that is to answer it. */
export interface Question {
  readonly question: string;
  readonly context: string;
}

/** A question with its context, as the model reads them. */
export interface ReadQuestion extends Reading {
  readonly context: string;
}

/** Reads questions, each with windows of its context. */
export class QuestionReader {
  readonly #model: ReadingModel;
  readonly #options: ReadOptions;
  /** Tokens that stand around question and context. */
  readonly #special: number;

  /** `stride`: tokens of the context that neighbouring windows share. Default: 128, at most half of those that fit. */
  constructor(model: ReadingModel, options: ReadOptions) {
    this.#model = model;
    this.#options = options;
    this.#special = model.tokenizer.encode("", { pair: "" }).ids.length;
  }

  /**
   * @param name what errors call the question
   * @param index its number, for errors
   * @throws InputError when a text is none or empty, or the question leaves no room for the context.
   */
  read({ question, context }: Question, name: string, index?: number): ReadQuestion {
    for (const [part, text] of Object.entries({ question, context })) {
      if (typeof text !== "string")
        throw new InputError(`${name}: ${part} is of type ${typeof text}; expected a string.`);
      if (text.trim() === "") throw new InputError(`${name}: ${part} is empty; expected a text.`);
    }
    const { truncation = "window", side } = this.#options;
    const room = this.#roomFor(question, name);
    const stride = this.#options.stride ?? Math.min(STRIDE, Math.floor(room / 2));
    if (truncation === "window" && stride >= room) {
      throw new InputError(
        `${name}: windows hold ${room} tokens of the context beside the question, and stride is ${stride}; pass a smaller one.`,
      );
    }
    const reader = new InputReader(this.#model, { truncation, stride, side, strategy: "only-second" });
    return { ...reader.read({ text: question, pair: context }, index), context };
  }

  /** Tokens of a context that fit beside a question. */
  #roomFor(question: string, name: string): number {
    const { tokenizer, maxLength } = this.#model;
    const { ids } = tokenizer.encode(question, { addSpecialTokens: false, maxLength, side: "right" });
    const room = maxLength - this.#special - ids.length;
    if (room >= 1) return room;
    throw new InputError(
      `${name} has ${ids.length}${ids.length === maxLength ? " or more" : ""} tokens, which with ${this.#special} special ` +
        `ones leaves no room for the context: this model reads at most ${maxLength}. Ask a shorter question.`,
    );
  }
}

/** The tokens of the context in a window, and what it says of them. */
export function windowSpans(encoding: Encoding, starts: Float32Array, ends: Float32Array, none?: number): WindowSpans {
  const { sequenceIds, offsets, ids } = encoding;
  const own = sequenceIds.flatMap((sequence, i) => (sequence === 1 ? [i] : []));
  const at = none === undefined ? -1 : ids.indexOf(none);
  return {
    offsets: own.map((i) => offsets[i] as [number, number]),
    starts: Float32Array.from(own, (i) => starts[i] as number),
    ends: Float32Array.from(own, (i) => ends[i] as number),
    none: at === -1 ? undefined : { start: starts[at] as number, end: ends[at] as number },
  };
}

import { InputError } from "../errors.ts";
import { type AnswerSpan, bestSpans, type SpanRules } from "./answer-spans.ts";
import { checkTop } from "./classification.ts";
import type { CallOptions, LoadOptions } from "./load-options.ts";
import { type Performed, perform, type TaskWork } from "./perform.ts";
import { type Question, QuestionReader, type ReadQuestion, windowSpans } from "./question-reader.ts";
import { type ReadingDetail, type ReadOptions, readingDetail } from "./read-input.ts";
import type { Source } from "./read-windows.ts";
import { runEncodings } from "./run-encodings.ts";
import { openTask, Task } from "./task.ts";
import type { TaskModel, TaskNeeds } from "./task-model.ts";

const NEEDS: TaskNeeds = {
  task: "Answerer",
  heads: [{ head: "qa", outputs: ["startLogits", "endLogits"] }],
  suggested: [
    "deepset/roberta-base-squad2",
    "distilbert/distilbert-base-cased-distilled-squad",
    "deepset/minilm-uncased-squad2",
  ],
};

const MAX_ANSWER_TOKENS = 15;

/** How questions are answered. */
export interface AnswerOptions<Top extends number | undefined = number | undefined, Detail extends boolean = boolean>
  extends CallOptions,
    Pick<ReadOptions, "side"> {
  /** How many answers to return, best first, as an array. Default: the best one, alone. */
  readonly top?: Top;
  /** Most tokens of an answer. Default: 15. */
  readonly maxAnswerTokens?: number | undefined;
  /** Whether a context may hold no answer, which then is one of text "". Default: false. */
  readonly noAnswer?: boolean | undefined;
  /** How much surer than of the best answer the model must be that there is none, in logits. Default: 0. */
  readonly noAnswerThreshold?: number | undefined;
  /** What becomes of contexts longer than `maxLength` leaves room for: read in windows, cut, or refused. Default: "window". */
  readonly truncation?: ReadOptions["truncation"];
  /** Tokens of the context that neighbouring windows share. Default: 128, at most half of those that a window holds. */
  readonly stride?: number | undefined;
  /** Whether results also tell what was read of question and context. Default: false. */
  readonly detail?: Detail | undefined;
}

/** A range of the context. */
export interface Answer {
  /** "" where there is none. */
  readonly text: string;
  /** Where it stands in the context, in UTF-16 units; both 0 where there is none. */
  readonly start: number;
  readonly end: number;
  /** Its probability, among all pairs of a start and an end in all windows. */
  readonly score: number;
}

/** Answers, and what was read. */
export interface AnsweringDetail extends ReadingDetail {
  /** Best first. */
  readonly answers: readonly Answer[];
}

/** One question's result: the best answer, with `top` as many as that, or with `detail: true` also what was read. */
export type AnswersOf<Top extends number | undefined, Detail extends boolean> = Detail extends true
  ? AnsweringDetail
  : Top extends number
    ? Answer[]
    : Answer;

/**
 * Finds the range of a text that answers a question, as models of SQuAD were trained to.
 *
 *     const answerer = await Answerer.load("models/roberta-base-squad2");
 *     const { text, start, end, score } = await answerer.answer("Who wrote Faust?", "Faust is a play by Goethe.");
 */
export class Answerer extends Task {
  private constructor(opened: TaskModel) {
    super(opened);
  }

  /**
   * Opens a checkpoint that was trained to answer from a text.
   *
   * @param where a model's folder
   * @throws InputError when none is named or there, it has no such head (naming the tasks that it would do for), or an
   *   option has no such value; ConfigError, CheckpointError, TokenizerError naming the file and what is wrong with it;
   *   BackendError when a backend that was asked for is not there.
   */
  static async load(where?: string, options: LoadOptions = {}): Promise<Answerer> {
    return openTask(where, NEEDS, options, (opened) => new Answerer(opened));
  }

  /**
   * Answers questions: one, with its context, gives one result, an array an array, and anything else that can be iterated,
   * also asynchronously, an asynchronous iterable in the same order. Results do not depend on what is answered together,
   * bit for bit.
   *
   * @throws InputError when question or context is no string or empty, the question leaves no room for the context, the
   *   context is too long with `truncation: "error"`, or an option has no such value; BackendError when a run fails; the
   *   signal's reason when it aborts.
   */
  answer<Top extends number | undefined = undefined, Detail extends boolean = false>(
    question: string,
    context: string,
    options?: AnswerOptions<Top, Detail>,
  ): Promise<AnswersOf<Top, Detail>>;
  answer<Top extends number | undefined = undefined, Detail extends boolean = false>(
    questions: readonly Question[],
    options?: AnswerOptions<Top, Detail>,
  ): Promise<AnswersOf<Top, Detail>[]>;
  answer<Top extends number | undefined = undefined, Detail extends boolean = false>(
    questions: Source<Question>,
    options?: AnswerOptions<Top, Detail>,
  ): AsyncGenerator<AnswersOf<Top, Detail>, void>;
  answer(
    given: string | Source<Question>,
    contextOrOptions?: string | AnswerOptions,
    optionsOfOne: AnswerOptions = {},
  ): Performed<Answered> {
    const isOne = typeof given === "string";
    const questions = isOne ? { question: given, context: contextOrOptions as string } : given;
    const options = isOne ? optionsOfOne : ((contextOrOptions ?? {}) as AnswerOptions);
    const call = {
      phase: "answer",
      unit: "questions",
      threads: this.backend.threads,
      isOne: (it: Question | Source<Question>): it is Question => it === questions && isOne,
      start: (batchTokens: number) => new AnswerWork(this.opened, { ...options, batchTokens }),
    };
    return perform<Question, ReadQuestion, Answered>(questions, call, options);
  }
}

type Answered = Answer | Answer[] | AnsweringDetail;

/** What one call does with each question. */
class AnswerWork implements TaskWork<Question, ReadQuestion, Answered> {
  readonly #opened: TaskModel;
  readonly #options: AnswerOptions & { readonly batchTokens: number };
  readonly #rules: SpanRules;
  readonly #reader: QuestionReader;
  /** The token whose logits stand for "no answer". */
  readonly #none: number | undefined;

  constructor(opened: TaskModel, options: AnswerOptions & { readonly batchTokens: number }) {
    const { maxAnswerTokens = MAX_ANSWER_TOKENS, noAnswer = false, noAnswerThreshold = 0 } = options;
    if (!Number.isInteger(maxAnswerTokens) || maxAnswerTokens < 1) {
      throw new InputError(`maxAnswerTokens is ${maxAnswerTokens}; expected an integer of at least 1.`);
    }
    if (!Number.isFinite(noAnswerThreshold)) {
      throw new InputError(`noAnswerThreshold is ${noAnswerThreshold}; expected a number.`);
    }
    this.#opened = opened;
    this.#options = options;
    this.#rules = { top: checkTop(options.top) ?? 1, maxTokens: maxAnswerTokens, threshold: noAnswerThreshold };
    this.#reader = new QuestionReader(opened, options);
    this.#none = noAnswer ? classificationToken(opened) : undefined;
  }

  tokenize(question: Question, index?: number): ReadQuestion {
    return this.#reader.read(question, index === undefined ? "The question" : `Question ${index}`, index);
  }

  async run(readings: readonly ReadQuestion[], signal: AbortSignal): Promise<Answered[]> {
    const windows = readings.flatMap((reading) => reading.windows);
    const spans = await runEncodings(windows, {
      model: this.#opened.model,
      outputs: ["startLogits", "endLogits"],
      batchTokens: this.#options.batchTokens,
      signal,
      take: ({ startLogits, endLogits }, encodings, { offsets }) =>
        encodings.map((encoding, i) => {
          const [from, to] = [offsets[i], offsets[i + 1]];
          const [starts, ends] = [startLogits, endLogits].map((all) => (all as Float32Array).subarray(from, to));
          return windowSpans(encoding, starts as Float32Array, ends as Float32Array, this.#none);
        }),
    });
    let next = 0;
    return readings.map((reading) => {
      next += reading.windows.length;
      return this.#result(reading, bestSpans(spans.slice(next - reading.windows.length, next), this.#rules));
    });
  }

  #result(reading: ReadQuestion, spans: readonly AnswerSpan[]): Answered {
    const { top, detail } = this.#options;
    const answers = spans.map(({ start, end, score }) => ({
      text: reading.context.slice(start, end),
      start,
      end,
      score,
    }));
    if (detail) return { answers, ...readingDetail(reading) };
    return top === undefined ? (answers[0] ?? { text: "", start: 0, end: 0, score: 0 }) : answers;
  }
}

/** @throws InputError when the tokenizer has none: then no logits say "no answer". */
function classificationToken({ name, tokenizer }: TaskModel): number {
  const id = tokenizer.specialTokens.cls?.id;
  if (id !== undefined) return id;
  throw new InputError(`noAnswer is true, but "${name}" has no classification token, whose score would say so.`);
}

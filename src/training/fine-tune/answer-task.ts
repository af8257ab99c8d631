import type { RunOutputs } from "../../backends/backend.ts";
import type { DataRow } from "../../datasets/data-row.ts";
import { InputError } from "../../errors.ts";
import type { PackedBatch } from "../../models/packed-batch.ts";
import { bestSpans, type WindowSpans } from "../../tasks/answer-spans.ts";
import { QuestionReader, windowSpans } from "../../tasks/question-reader.ts";
import type { ReadingModel } from "../../tasks/read-input.ts";
import type { Encoding } from "../../tokenizers/encoding.ts";
import { type Judgement, judgeAnswers } from "../evaluate/judge.ts";
import { tokenLosses, tokenPlaces } from "../losses/group-losses.ts";
import type { Example, TuningTask } from "./tuning-task.ts";

/** A question with the windows of its context, and where its first gold answer stands in each. */
export interface AnswerExample extends Example {
  readonly texts: readonly Encoding[];
  readonly context: string;
  /** Tokens that begin and end the answer; those of windows without it: the classification token. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** As in SQuAD's recipes, and in `evaluate`. */
const MAX_ANSWER_TOKENS = 30;

/** What the model says to a question: its best answer, and what it says where there may be none. */
export interface Answers {
  readonly sure: string;
  readonly orNone: string;
}

/**
 * Extractive question answering, as of SQuAD 1 and 2: the tokens that begin and end the answer, in windows of the context.
 * In a window without an answer both are the classification token. Source: run_squad.py of google-research/bert.
 *
 * @throws InputError when the tokenizer has no classification token.
 */
export function answerTask(
  model: ReadingModel,
  { stride }: { readonly stride?: number | undefined },
): TuningTask<AnswerExample, Answers> {
  const none = model.tokenizer.specialTokens.cls?.id;
  if (none === undefined) {
    throw new InputError(
      "This model's tokenizer has no classification token, which stands for questions without answer.",
    );
  }
  const reader = new QuestionReader(model, { truncation: "window", stride });
  return {
    head: "qa",
    losses: ({ head, inputs }) =>
      tokenLosses({ start: head.startLogits!, end: head.endLogits! }, inputs, model.maxLength),
    outputs: ["startLogits", "endLogits"],
    config: {},
    main: "f1",
    isSeparable: true,
    example(row) {
      const { windows, length, context } = reader.read(
        { question: row.question!, context: row.context! },
        `The question of ${row.where}`,
      );
      const places = windows.map((window) => answerPlaces(window, row, none));
      const [starts, ends] = [places.map(([start]) => start), places.map(([, end]) => end)];
      return { texts: windows, length, truncated: false, weight: windows.length, context, starts, ends };
    },
    targets(examples, total) {
      const lengths = examples.flatMap(({ texts }) => texts.map(({ ids }) => ids.length));
      const weights = new Float32Array(lengths.length).fill(0.5 / total);
      return {
        extra: {
          startLabels: Int32Array.from(examples.flatMap(({ starts }) => starts)),
          endLabels: Int32Array.from(examples.flatMap(({ ends }) => ends)),
          startWeights: weights,
          endWeights: weights,
          ...tokenPlaces(lengths, model.maxLength),
        },
      };
    },
    results: (outputs, examples, batch) => answersOf(outputs, examples, batch, none),
    judge: (_, answers, rows): Judgement => {
      const gold = rows.map(({ answers: own = [] }) => own.map(({ text }) => text));
      const hasNone = gold.some((own) => own.length === 0);
      return judgeAnswers(
        gold,
        answers.map(({ sure, orNone }) => (hasNone ? orNone : sure)),
      );
    },
  };
}

/** The tokens of the first gold answer, where the window holds all of it. */
function answerPlaces(window: Encoding, { answers = [] }: DataRow, none: number): [start: number, end: number] {
  const nowhere = window.ids.indexOf(none);
  const [answer] = answers;
  if (answer === undefined) return [nowhere, nowhere];
  const { sequenceIds, offsets } = window;
  const last = answer.start + answer.text.length;
  const holds = (at: number, place: number) =>
    sequenceIds[at] === 1 && offsets[at]![0] <= place && place < offsets[at]![1];
  const tokens = [...sequenceIds.keys()];
  const [start, end] = [answer.start, last - 1].map((place) => tokens.findIndex((at) => holds(at, place)));
  return start === -1 || end === -1 ? [nowhere, nowhere] : [start!, end!];
}

/** By the rules of `Answerer`, with and without the right to say that there is none. */
function answersOf(
  { startLogits, endLogits }: RunOutputs,
  examples: readonly AnswerExample[],
  { offsets }: PackedBatch,
  none: number,
): Answers[] {
  let next = 0;
  const best = (context: string, windows: readonly WindowSpans[]) => {
    const [span] = bestSpans(windows, { top: 1, maxTokens: MAX_ANSWER_TOKENS, threshold: 0 });
    return span === undefined ? "" : context.slice(span.start, span.end);
  };
  return examples.map(({ texts, context }) => {
    const windows = texts.map((window) => {
      const [from, to] = [offsets[next], offsets[next + 1]];
      next++;
      return windowSpans(window, startLogits!.subarray(from, to), endLogits!.subarray(from, to), none);
    });
    const sure = windows.map((window) => ({ ...window, none: undefined }));
    return { sure: best(context, sure), orNone: best(context, windows) };
  });
}

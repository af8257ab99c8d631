import { InputError } from "../errors.ts";
import { checkTop } from "./classification.ts";
import type { CallOptions, LoadOptions } from "./load-options.ts";
import { type Performed, perform, type TaskWork } from "./perform.ts";
import { InputReader, type Reading, type ReadOptions } from "./read-input.ts";
import type { Source, Tokenized } from "./read-windows.ts";
import type { Ranked } from "./reranker.ts";
import { softmax } from "./score-activation.ts";
import { openTask, Task } from "./task.ts";
import type { TaskModel, TaskNeeds } from "./task-model.ts";
import { windowLogits } from "./window-logits.ts";

const NEEDS: TaskNeeds = {
  task: "MultipleChoice",
  heads: [{ head: "choice", outputs: ["logits"] }],
  suggested: [
    "LIAMF-USP/roberta-large-finetuned-race",
    "LIAMF-USP/aristo-roberta",
    "Rocketknight1/bert-base-uncased-finetuned-swag",
  ],
};

/** A question, or a beginning, and the texts that may follow. */
export interface Choices {
  readonly text: string;
  readonly choices: readonly string[];
}

/** How choices are made. */
export interface ChooseOptions extends CallOptions, Pick<ReadOptions, "side"> {
  /** How many choices to return, the best. Default: all. */
  readonly top?: number | undefined;
  /** What becomes of a text and choice longer than `maxLength`: cut, the longer one first, or refused. Default: "truncate". */
  readonly truncation?: "truncate" | "error" | undefined;
}

/**
 * Says which of several texts follows best: the answer of a question, the end of a story.
 *
 *     const model = await MultipleChoice.load("models/swag");
 *     const [best] = await model.choose({ text: "She opened the umbrella because", choices: ["it rained.", "it flew."] });
 */
export class MultipleChoice extends Task {
  private constructor(opened: TaskModel) {
    super(opened);
  }

  /**
   * Opens a checkpoint that was trained on multiple choice.
   *
   * @param where a model's folder
   * @throws InputError when none is named or there, it has no such head (naming the tasks that it would do for), or an
   *   option has no such value; ConfigError, CheckpointError, TokenizerError naming the file and what is wrong with it;
   *   BackendError when a backend that was asked for is not there.
   */
  static async load(where?: string, options: LoadOptions = {}): Promise<MultipleChoice> {
    return openTask(where, NEEDS, options, (opened) => new MultipleChoice(opened));
  }

  /**
   * Scores the choices of one question, the best first; the scores of all add up to 1. An array of questions gives an
   * array, and anything else that can be iterated, also asynchronously, an asynchronous iterable in the same order.
   *
   * @throws InputError when there are no choices, a text is no string, or too long with `truncation: "error"`;
   *   BackendError when a run fails; the signal's reason when it aborts.
   */
  choose(question: Choices, options?: ChooseOptions): Promise<Ranked[]>;
  choose(questions: readonly Choices[], options?: ChooseOptions): Promise<Ranked[][]>;
  choose(questions: Source<Choices>, options?: ChooseOptions): AsyncGenerator<Ranked[], void>;
  choose(questions: Choices | Source<Choices>, options: ChooseOptions = {}): Performed<Ranked[]> {
    const call = {
      phase: "choose",
      unit: "questions",
      threads: this.backend.threads,
      isOne: (given: Choices | Source<Choices>) => typeof given === "object" && given !== null && "choices" in given,
      start: (batchTokens: number) => new ChooseWork(this.opened, { ...options, batchTokens }),
    };
    return perform(questions, call, options);
  }
}

interface Question extends Tokenized {
  readonly choices: readonly string[];
  readonly readings: readonly Reading[];
}

/** What one call does with each question. */
class ChooseWork implements TaskWork<Choices, Question, Ranked[]> {
  readonly #opened: TaskModel;
  readonly #reader: InputReader;
  readonly #options: ChooseOptions & { readonly batchTokens: number };

  constructor(opened: TaskModel, options: ChooseOptions & { readonly batchTokens: number }) {
    const { truncation = "truncate", side } = options;
    checkTop(options.top);
    this.#opened = opened;
    this.#reader = new InputReader(opened, { truncation, side, allowed: ["truncate", "error"] });
    this.#options = options;
  }

  tokenize({ text, choices }: Choices, index?: number): Question {
    if (!Array.isArray(choices) || choices.length === 0) {
      const name = index === undefined ? "The question" : `Question ${index}`;
      throw new InputError(`${name} has no choices; pass an array of at least one.`);
    }
    const readings = choices.map((pair: string) => this.#reader.read({ text, pair }, index));
    return { choices, readings, length: readings.reduce((sum, { length }) => sum + length, 0) };
  }

  async run(questions: readonly Question[], signal: AbortSignal): Promise<Ranked[][]> {
    const { batchTokens, top } = this.#options;
    const readings = questions.flatMap((question) => question.readings);
    const logits = await windowLogits(this.#opened.model, readings, { signal, batchTokens });
    let next = 0;
    return questions.map(({ choices }) => {
      next += choices.length;
      const rows = logits.slice(next - choices.length, next);
      const scores = softmax(rows.map(([row]) => row?.[0] as number));
      const ranked = choices.map((text, index) => ({ index, score: scores[index] as number, text }));
      return ranked.sort((a, b) => b.score - a.score || a.index - b.index).slice(0, top);
    });
  }
}

import { InputError } from "../errors.ts";
import type { CallOptions, LoadOptions } from "./load-options.ts";
import { NEXT_SENTENCE_HEADS } from "./open-head.ts";
import { type Performed, perform, type TaskWork } from "./perform.ts";
import { InputReader, type Reading, type ReadOptions } from "./read-input.ts";
import type { Source } from "./read-windows.ts";
import { softmax } from "./score-activation.ts";
import { openTask, Task } from "./task.ts";
import type { TaskModel, TaskNeeds } from "./task-model.ts";
import type { TextPair } from "./text-pair.ts";
import { logitsOf } from "./window-logits.ts";

const NEEDS: TaskNeeds = {
  task: "NextSentence",
  heads: NEXT_SENTENCE_HEADS,
  suggested: [
    "google-bert/bert-base-uncased",
    "google-bert/bert-base-multilingual-cased",
    "nghuyong/ernie-2.0-base-en",
  ],
};

/** How pairs are read. */
export interface NextSentenceOptions extends CallOptions, Pick<ReadOptions, "side"> {
  /** What becomes of pairs longer than `maxLength`: cut, the longer text first, or refused. Default: "truncate". */
  readonly truncation?: "truncate" | "error" | undefined;
}

/** Whether the second text of a pair follows. */
export interface Follows {
  /** The probability that it does. */
  readonly score: number;
  /** Whether that is at least one half. */
  readonly follows: boolean;
}

/**
 * Says whether the second of two texts follows the first, as BERT was pre-trained to tell from a text of elsewhere
 * ("next-sentence"), and ALBERT from the same two the other way round ("sentence-order"). Sources: arXiv 1810.04805,
 * 1909.11942.
 *
 *     const model = await NextSentence.load("models/bert-base-uncased");
 *     const { score } = await model.predict({ text: "He opened the door.", pair: "The room was empty." });
 */
export class NextSentence extends Task {
  /** What the checkpoint was trained to tell. */
  readonly objective: "next-sentence" | "sentence-order";

  private constructor(opened: TaskModel) {
    super(opened);
    this.objective = opened.outputs[0] === "sopLogits" ? "sentence-order" : "next-sentence";
  }

  /**
   * Opens a pre-trained checkpoint that kept this head.
   *
   * @param where a model's folder
   * @throws InputError when none is named or there, it has no such head (naming the tasks that it would do for), or an
   *   option has no such value; ConfigError, CheckpointError, TokenizerError naming the file and what is wrong with it;
   *   BackendError when a backend that was asked for is not there.
   */
  static async load(where?: string, options: LoadOptions = {}): Promise<NextSentence> {
    return openTask(where, NEEDS, options, (opened) => new NextSentence(opened));
  }

  /**
   * Scores pairs: one gives one result, an array an array, and anything else that can be iterated, also asynchronously, an
   * asynchronous iterable in the same order.
   *
   * @throws InputError when a text is no string, too long with `truncation: "error"`, or an option has no such value;
   *   BackendError when a run fails; the signal's reason when it aborts.
   */
  predict(pair: TextPair, options?: NextSentenceOptions): Promise<Follows>;
  predict(pairs: readonly TextPair[], options?: NextSentenceOptions): Promise<Follows[]>;
  predict(pairs: Source<TextPair>, options?: NextSentenceOptions): AsyncGenerator<Follows, void>;
  predict(pairs: TextPair | Source<TextPair>, options: NextSentenceOptions = {}): Performed<Follows> {
    const call = {
      phase: "predict",
      unit: "pairs",
      threads: this.backend.threads,
      isOne: (given: TextPair | Source<TextPair>) => typeof given === "object" && given !== null && "pair" in given,
      start: (batchTokens: number) => new PredictWork(this.opened, { ...options, batchTokens }),
    };
    return perform(pairs, call, options);
  }
}

/** What one call does with each pair. */
class PredictWork implements TaskWork<TextPair, Reading, Follows> {
  readonly #opened: TaskModel;
  readonly #reader: InputReader;
  readonly #batchTokens: number;

  constructor(opened: TaskModel, options: NextSentenceOptions & { readonly batchTokens: number }) {
    const { truncation = "truncate", side, batchTokens } = options;
    this.#opened = opened;
    this.#reader = new InputReader(opened, { truncation, side, allowed: ["truncate", "error"] });
    this.#batchTokens = batchTokens;
  }

  tokenize({ text, pair }: TextPair, index?: number): Reading {
    if (pair === undefined) throw new InputError(`${index === undefined ? "The text" : `Text ${index}`} has no pair.`);
    return this.#reader.read({ text, pair }, index);
  }

  async run(readings: readonly Reading[], signal: AbortSignal): Promise<Follows[]> {
    const { model, outputs } = this.#opened;
    const logits = await logitsOf(model, readings, { signal, batchTokens: this.#batchTokens, output: outputs[0] });
    return logits.map((row) => {
      const [score] = softmax(row) as [number]; // class 0 is "follows"
      return { score, follows: score >= 0.5 };
    });
  }
}

import { ConfigError } from "../errors.ts";
import { type Classification, checkDifferent, checkTop, chooseLabels, toClassification } from "./classification.ts";
import type { CallOptions, LoadOptions } from "./load-options.ts";
import { type Performed, perform, type TaskWork } from "./perform.ts";
import { crossEncoderPrompt } from "./prompts.ts";
import { InputReader, type Reading, type ReadingDetail, type ReadOptions, readingDetail } from "./read-input.ts";
import type { Source } from "./read-windows.ts";
import { applyActivation, chooseActivation, type ScoreActivation } from "./score-activation.ts";
import { openTask, Task } from "./task.ts";
import type { TaskModel, TaskNeeds } from "./task-model.ts";
import { isTextInput, type TextInput } from "./text-pair.ts";
import { logitsOf } from "./window-logits.ts";

const NEEDS: TaskNeeds = {
  task: "Classifier",
  heads: [{ head: "sequence", outputs: ["logits"] }],
  ofSentences: true,
  suggested: [
    "distilbert/distilbert-base-uncased-finetuned-sst-2-english",
    "cardiffnlp/twitter-roberta-base-sentiment-latest",
    "SamLowe/roberta-base-go_emotions",
  ],
};

/** How texts are classified. */
export interface ClassifyOptions<Detail extends boolean = boolean> extends CallOptions, ReadOptions {
  /** How many `scores` to keep, the highest. Default: all. */
  readonly top?: number | undefined;
  /** What turns the model's numbers into scores. Default: as the checkpoint says (`Classifier.activation`). */
  readonly activation?: ScoreActivation | undefined;
  /**
   * What becomes of texts longer than `maxLength`: cut, refused, or read in windows, whose logits are averaged, each
   * weighted by its tokens. Default: "truncate".
   */
  readonly truncation?: ReadOptions["truncation"];
  /** Tokens that neighbouring windows share. Default: 0, so that every token counts once. */
  readonly stride?: number | undefined;
  /** Whether results also tell what was read of the text. Default: false. */
  readonly detail?: Detail | undefined;
}

/** One text's result; with `detail: true` it also tells what was read of the text. */
export type ClassificationOf<Detail extends boolean> = Detail extends true
  ? Classification & ReadingDetail
  : Classification;

/**
 * Says which of its labels a text, or a pair of texts, belongs to: topics, sentiment, whether one sentence follows from
 * another. What the checkpoint states is obeyed: names of the labels, one label or several, probabilities or plain
 * numbers (regression).
 *
 *     const classifier = await Classifier.load("models/sst-2");
 *     const { label, score } = await classifier.classify("A film without a single dull minute.");
 */
export class Classifier extends Task {
  /** Names of the classes in the model's order; "LABEL_0", ... where the config names none. */
  readonly labels: readonly string[];
  /** What turns the model's numbers into scores unless a call asks for another. */
  readonly activation: string;
  /** What logits are divided by before a softmax, as it was fitted on a dev set; else 1. */
  readonly temperature: number;
  /** Of several labels a text: the score from which each counts, as fitted on a dev set; else undefined. */
  readonly thresholds: readonly number[] | undefined;

  private constructor(opened: TaskModel) {
    super(opened);
    checkDifferent(opened.labels);
    this.labels = opened.labels;
    this.activation = chooseActivation(opened);
    this.temperature = opened.config.temperature;
    this.thresholds = opened.config.thresholds;
    if (this.thresholds !== undefined && this.thresholds.length !== this.labels.length) {
      throw new ConfigError(
        `config.json: cloze_thresholds has ${this.thresholds.length} numbers; expected one for each of ${this.labels.length} labels.`,
      );
    }
  }

  /**
   * Opens a checkpoint that was trained to classify.
   *
   * @param where a model's folder
   * @throws InputError when none is named or there, it does not classify (naming the tasks that it would do for), or an
   *   option has no such value; ConfigError, CheckpointError, TokenizerError naming the file and what is wrong with it;
   *   BackendError when a backend that was asked for is not there.
   */
  static async load(where?: string, options: LoadOptions = {}): Promise<Classifier> {
    return openTask(where, NEEDS, options, (opened) => new Classifier(opened));
  }

  /**
   * Classifies texts or pairs: one gives one result, an array an array, and anything else that can be iterated, also
   * asynchronously, an asynchronous iterable in the same order. An empty text is the model's special tokens alone.
   * Results do not depend on which texts are classified together, bit for bit.
   *
   * @throws InputError when a text is no string, too long with `truncation: "error"`, or an option has no such value;
   *   BackendError when a run fails; the signal's reason when it aborts.
   */
  classify<Detail extends boolean = false>(
    text: TextInput,
    options?: ClassifyOptions<Detail>,
  ): Promise<ClassificationOf<Detail>>;
  classify<Detail extends boolean = false>(
    texts: readonly TextInput[],
    options?: ClassifyOptions<Detail>,
  ): Promise<ClassificationOf<Detail>[]>;
  classify<Detail extends boolean = false>(
    texts: Source<TextInput>,
    options?: ClassifyOptions<Detail>,
  ): AsyncGenerator<ClassificationOf<Detail>, void>;
  classify(texts: TextInput | Source<TextInput>, options: ClassifyOptions = {}): Performed<Classification> {
    const call = {
      phase: "classify",
      unit: "texts",
      threads: this.backend.threads,
      isOne: isTextInput,
      start: (batchTokens: number) => new ClassifyWork(this.opened, { ...options, batchTokens }),
    };
    return perform(texts, call, options);
  }
}

/** What one call does with each text. */
class ClassifyWork implements TaskWork<TextInput, Reading, Classification> {
  readonly #opened: TaskModel;
  readonly #reader: InputReader;
  readonly #activation: ReturnType<typeof chooseActivation>;
  readonly #options: ClassifyOptions & { readonly batchTokens: number };

  constructor(opened: TaskModel, options: ClassifyOptions & { readonly batchTokens: number }) {
    const { truncation = "truncate", stride = 0, side } = options;
    checkTop(options.top);
    this.#opened = opened;
    this.#reader = new InputReader(opened, { truncation, stride, side, prompt: crossEncoderPrompt(opened.layout) });
    this.#activation = chooseActivation(opened, options.activation);
    this.#options = options;
  }

  tokenize(input: TextInput, index?: number): Reading {
    return this.#reader.read(input, index);
  }

  async run(readings: readonly Reading[], signal: AbortSignal): Promise<Classification[]> {
    const { model, labels, config } = this.#opened;
    const { top, detail, batchTokens, activation } = this.#options;
    const thresholds = activation === undefined ? config.thresholds : undefined;
    const logits = await logitsOf(model, readings, { signal, batchTokens });
    return readings.map((reading, i) => {
      const scores = applyActivation(logits[i] as number[], this.#activation, config.temperature);
      const sorted = toClassification(labels, scores, top);
      const result =
        thresholds === undefined ? sorted : { ...sorted, chosen: chooseLabels(labels, scores, thresholds) };
      return detail ? { ...result, ...readingDetail(reading) } : result;
    });
  }
}

import { InputError } from "../errors.ts";
import type { Encoding } from "../tokenizers/encoding.ts";
import type { CallOptions, LoadOptions } from "./load-options.ts";
import { type Performed, perform, type TaskWork } from "./perform.ts";
import { InputReader, type Reading, type ReadOptions } from "./read-input.ts";
import type { Source } from "./read-windows.ts";
import { runEncodings } from "./run-encodings.ts";
import { sigmoid } from "./score-activation.ts";
import { openTask, Task } from "./task.ts";
import type { TaskModel, TaskNeeds } from "./task-model.ts";

const NEEDS: TaskNeeds = {
  task: "ReplacedTokenDetector",
  heads: [{ head: "pretraining", outputs: ["logits"] }],
  suggested: [
    "google/electra-base-discriminator",
    "google/electra-small-discriminator",
    "google/electra-large-discriminator",
  ],
};

/** How texts are searched for words that look wrong. */
export interface DetectOptions extends CallOptions, Pick<ReadOptions, "side"> {
  /** Least score of a word that is returned. Default: 0.5; 0 returns all. */
  readonly threshold?: number | undefined;
  /** What becomes of texts longer than `maxLength`: read in windows, or refused. Default: "window". */
  readonly truncation?: "window" | "error" | undefined;
  /** Tokens that neighbouring windows share. Default: a quarter of `maxLength`. */
  readonly stride?: number | undefined;
}

/** A word that looks as if another had stood there. */
export interface SuspiciousWord {
  readonly text: string;
  /** Where it stands in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** The probability that it was replaced: of its tokens the highest. */
  readonly score: number;
}

/**
 * Finds words that do not fit where they stand, as ELECTRA's discriminator was pre-trained to. Source: arXiv 2003.10555.
 *
 *     const detector = await ReplacedTokenDetector.load("models/electra-base-discriminator");
 *     const [word] = await detector.detect("The chef ate the meal that he had cooked for the bananas.");
 */
export class ReplacedTokenDetector extends Task {
  private constructor(opened: TaskModel) {
    super(opened);
  }

  /**
   * Opens a discriminator.
   *
   * @param where a model's folder
   * @throws InputError when none is named or there, it has no such head (naming the tasks that it would do for), or an
   *   option has no such value; ConfigError, CheckpointError, TokenizerError naming the file and what is wrong with it;
   *   BackendError when a backend that was asked for is not there.
   */
  static async load(where?: string, options: LoadOptions = {}): Promise<ReplacedTokenDetector> {
    return openTask(where, NEEDS, options, (opened) => new ReplacedTokenDetector(opened));
  }

  /**
   * Searches texts: one gives its words in their order, an array an array, and anything else that can be iterated, also
   * asynchronously, an asynchronous iterable in the same order. In windows each word is judged where most stands around it.
   *
   * @throws InputError when a text is no string, too long with `truncation: "error"`, or an option has no such value;
   *   BackendError when a run fails; the signal's reason when it aborts.
   */
  detect(text: string, options?: DetectOptions): Promise<SuspiciousWord[]>;
  detect(texts: readonly string[], options?: DetectOptions): Promise<SuspiciousWord[][]>;
  detect(texts: Source<string>, options?: DetectOptions): AsyncGenerator<SuspiciousWord[], void>;
  detect(texts: string | Source<string>, options: DetectOptions = {}): Performed<SuspiciousWord[]> {
    const call = {
      phase: "detect",
      unit: "texts",
      threads: this.backend.threads,
      isOne: (texts: string | Source<string>) => typeof texts === "string",
      start: (batchTokens: number) => new DetectWork(this.opened, { ...options, batchTokens }),
    };
    return perform(texts, call, options);
  }
}

interface ReadText extends Reading {
  readonly text: string;
}

/** What one call does with each text. */
class DetectWork implements TaskWork<string, ReadText, SuspiciousWord[]> {
  readonly #opened: TaskModel;
  readonly #reader: InputReader;
  readonly #threshold: number;
  readonly #batchTokens: number;

  constructor(opened: TaskModel, options: DetectOptions & { readonly batchTokens: number }) {
    const { truncation = "window", side, threshold = 0.5, batchTokens } = options;
    const { stride = Math.floor(opened.maxLength / 4) } = options;
    if (!(threshold >= 0 && threshold <= 1)) throw new InputError(`threshold is ${threshold}; expected 0 to 1.`);
    this.#opened = opened;
    this.#reader = new InputReader(opened, { truncation, side, stride, allowed: ["window", "error"] });
    this.#threshold = threshold;
    this.#batchTokens = batchTokens;
  }

  tokenize(text: string, index?: number): ReadText {
    return { ...this.#reader.read(text, index), text };
  }

  async run(readings: readonly ReadText[], signal: AbortSignal): Promise<SuspiciousWord[][]> {
    const windows = readings.flatMap((reading) => reading.windows);
    const words = await runEncodings(windows, {
      model: this.#opened.model,
      outputs: ["logits"],
      batchTokens: this.#batchTokens,
      signal,
      take: ({ logits }, encodings, { offsets }) =>
        encodings.map((encoding, i) =>
          judgeWords(encoding, (logits as Float32Array).subarray(offsets[i], offsets[i + 1])),
        ),
    });
    let next = 0;
    return readings.map(({ text, windows }) => {
      next += windows.length;
      const found = together(words.slice(next - windows.length, next));
      return found
        .filter(({ score }) => score >= this.#threshold)
        .map(({ start, end, score }) => ({ text: text.slice(start, end), start, end, score }));
    });
  }
}

interface JudgedWord {
  readonly word: number;
  readonly start: number;
  readonly end: number;
  readonly score: number;
  /** Tokens between the word and the nearer end of its window. */
  readonly margin: number;
}

/** The words of a window. */
function judgeWords({ words, offsets }: Encoding, logits: Float32Array): JudgedWord[] {
  const judged = new Map<number, JudgedWord>();
  words.forEach((word, i) => {
    if (word === null) return;
    const [start, end] = offsets[i] as [number, number];
    const score = sigmoid(logits[i] as number);
    const margin = Math.min(i, words.length - 1 - i);
    judged.set(word, joined(judged.get(word), { word, start, end, score, margin }));
  });
  return [...judged.values()];
}

/** Two parts of a word in one window. */
function joined(a: JudgedWord | undefined, b: JudgedWord): JudgedWord {
  if (a === undefined) return b;
  const [score, margin] = [Math.max(a.score, b.score), Math.min(a.margin, b.margin)];
  return { word: a.word, start: Math.min(a.start, b.start), end: Math.max(a.end, b.end), score, margin };
}

/** Each word as the window judges it in which it is furthest from the ends; where windows cut it, all of its parts. */
function together(windows: readonly (readonly JudgedWord[])[]): JudgedWord[] {
  const words = new Map<number, JudgedWord>();
  for (const found of windows.flat()) {
    const before = words.get(found.word) ?? found;
    const { score, margin } = found.margin > before.margin ? found : before;
    const [start, end] = [Math.min(before.start, found.start), Math.max(before.end, found.end)];
    words.set(found.word, { word: found.word, start, end, score, margin });
  }
  return [...words.values()].sort((a, b) => a.word - b.word);
}

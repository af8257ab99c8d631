import { InputError } from "../errors.ts";
import { type Classification, checkTop, toClassification } from "./classification.ts";
import type { ClassificationOf } from "./classifier.ts";
import type { CallOptions, LoadOptions } from "./load-options.ts";
import { type Performed, perform, type TaskWork } from "./perform.ts";
import { InputReader, type Reading, type ReadingDetail, type ReadOptions } from "./read-input.ts";
import type { Source, Tokenized } from "./read-windows.ts";
import { softmax } from "./score-activation.ts";
import { openTask, Task } from "./task.ts";
import type { TaskModel, TaskNeeds } from "./task-model.ts";
import { type Logits, logitsOf } from "./window-logits.ts";

const NEEDS: TaskNeeds = {
  task: "ZeroShotClassifier",
  heads: [{ head: "sequence", outputs: ["logits"] }],
  suggested: [
    "MoritzLaurer/deberta-v3-base-zeroshot-v2.0",
    "cross-encoder/nli-deberta-v3-small",
    "FacebookAI/roberta-large-mnli",
  ],
};

/** Where the label goes in a template. */
const PLACE = "{}";

/** How a model is opened for labels that it has never seen. */
export interface ZeroShotOptions extends LoadOptions {
  /** The checkpoint's label for "follows". Default: the one that begins with "entail". */
  readonly entailment?: string | undefined;
  /** Its label for "is contradicted". Default: the one that begins with "contradict", or the other one of two. */
  readonly contradiction?: string | undefined;
}

/** How texts are classified by labels that the model has never seen. */
export interface ZeroShotClassifyOptions<Detail extends boolean = boolean> extends CallOptions, ReadOptions {
  /** The sentence that a label is put into, at `{}`. Default: "This example is {}." */
  readonly template?: string | undefined;
  /**
   * Whether several labels may hold: then each is scored alone, entailment against contradiction. Else scores add up to
   * 1 over the labels. Default: false; a single label is always scored alone.
   */
  readonly multiLabel?: boolean | undefined;
  /** How many `scores` to keep, the highest. Default: all. */
  readonly top?: number | undefined;
  /**
   * What becomes of texts longer than fits beside the template: cut, refused, or read in windows, whose logits are
   * averaged, each weighted by its tokens. Default: "truncate".
   */
  readonly truncation?: ReadOptions["truncation"];
  /** Tokens that neighbouring windows share. Default: 0. */
  readonly stride?: number | undefined;
  /** Whether results also tell what was read. Default: false. */
  readonly detail?: Detail | undefined;
}

/** The classes that the scores are made from. */
interface Verdicts {
  readonly entailment: number;
  /** Undefined where the checkpoint's labels do not say. */
  readonly contradiction: number | undefined;
}

interface OpenedVerdicts {
  readonly opened: TaskModel;
  readonly verdicts: Verdicts;
}

/**
 * Classifies texts by any labels: a model of natural language inference says for each whether the text entails "This
 * example is <label>." Source: arXiv 1909.00161; transformers, pipelines/zero_shot_classification.py.
 *
 *     const classifier = await ZeroShotClassifier.load("models/nli");
 *     const { label } = await classifier.classify("The match ended in a draw.", ["sports", "politics", "cooking"]);
 */
export class ZeroShotClassifier extends Task {
  readonly #verdicts: Verdicts;

  private constructor(opened: TaskModel, options: ZeroShotOptions) {
    super(opened);
    this.#verdicts = findVerdicts(opened, options);
  }

  /**
   * Opens a checkpoint of natural language inference.
   *
   * @param where a model's folder
   * @throws InputError when none is named or there, it has no class for entailment, or an option has no such value;
   *   ConfigError, CheckpointError, TokenizerError naming the file and what is wrong with it; BackendError when a backend
   *   that was asked for is not there.
   */
  static async load(where?: string, options: ZeroShotOptions = {}): Promise<ZeroShotClassifier> {
    return openTask(where, NEEDS, options, (opened) => new ZeroShotClassifier(opened, options));
  }

  /**
   * Scores labels for texts: one text gives one result, an array an array, and anything else that can be iterated, also
   * asynchronously, an asynchronous iterable in the same order. Every label is a run of its own for every text.
   *
   * @param labels at least one, all different
   * @throws InputError when a text or label is no string, too long with `truncation: "error"`, or an option has no such
   *   value; BackendError when a run fails; the signal's reason when it aborts.
   */
  classify<Detail extends boolean = false>(
    text: string,
    labels: readonly string[],
    options?: ZeroShotClassifyOptions<Detail>,
  ): Promise<ClassificationOf<Detail>>;
  classify<Detail extends boolean = false>(
    texts: readonly string[],
    labels: readonly string[],
    options?: ZeroShotClassifyOptions<Detail>,
  ): Promise<ClassificationOf<Detail>[]>;
  classify<Detail extends boolean = false>(
    texts: Source<string>,
    labels: readonly string[],
    options?: ZeroShotClassifyOptions<Detail>,
  ): AsyncGenerator<ClassificationOf<Detail>, void>;
  classify(
    texts: string | Source<string>,
    labels: readonly string[],
    options: ZeroShotClassifyOptions = {},
  ): Performed<Classification> {
    const call = {
      phase: "classify",
      unit: "texts",
      threads: this.backend.threads,
      isOne: (texts: string | Source<string>) => typeof texts === "string",
      start: (batchTokens: number) => {
        const model = { opened: this.opened, verdicts: this.#verdicts };
        return new ZeroShotWork(model, labels, { ...options, batchTokens });
      },
    };
    return perform(texts, call, options);
  }
}

/** A text beside each of the labels. */
interface Premise extends Tokenized {
  readonly readings: readonly Reading[];
}

/** What one call does with each text. */
class ZeroShotWork implements TaskWork<string, Premise, Classification> {
  readonly #model: OpenedVerdicts;
  readonly #labels: readonly string[];
  readonly #hypotheses: readonly string[];
  readonly #reader: InputReader;
  readonly #options: ZeroShotClassifyOptions & { readonly batchTokens: number };

  constructor(
    model: OpenedVerdicts,
    labels: readonly string[],
    options: ZeroShotClassifyOptions & { readonly batchTokens: number },
  ) {
    const { template = "This example is {}.", truncation = "truncate", stride, side } = options;
    checkLabels(labels);
    checkTop(options.top);
    if (typeof template !== "string" || !template.includes(PLACE)) {
      throw new InputError(
        `template is ${JSON.stringify(template)}; expected a sentence with {} where the label goes.`,
      );
    }
    this.#model = model;
    this.#labels = labels;
    this.#hypotheses = labels.map((label) => template.replace(PLACE, () => label));
    this.#reader = new InputReader(model.opened, { truncation, stride, side, strategy: "only-first" });
    this.#options = options;
    if (this.#isIndependent) this.#contradiction();
  }

  tokenize(text: string, index?: number): Premise {
    const readings = this.#hypotheses.map((pair) => this.#reader.read({ text, pair }, index));
    return { readings, length: readings.reduce((sum, { length }) => sum + length, 0) };
  }

  async run(premises: readonly Premise[], signal: AbortSignal): Promise<Classification[]> {
    const { batchTokens, top, detail } = this.#options;
    const readings = premises.flatMap((premise) => premise.readings);
    const logits = await logitsOf(this.#model.opened.model, readings, { signal, batchTokens });
    const count = this.#labels.length;
    return premises.map((premise, i) => {
      const scores = this.#scores(logits.slice(i * count, (i + 1) * count));
      const result = toClassification(this.#labels, scores, top);
      return detail ? { ...result, ...premiseDetail(premise) } : result;
    });
  }

  get #isIndependent(): boolean {
    return this.#options.multiLabel === true || this.#labels.length === 1;
  }

  /** Of the hypotheses of one text, a row of logits each. */
  #scores(rows: readonly Logits[]): number[] {
    const { entailment } = this.#model.verdicts;
    if (!this.#isIndependent) return softmax(rows.map((row) => row[entailment] as number));
    const contradiction = this.#contradiction();
    return rows.map((row) => softmax([row[entailment] as number, row[contradiction] as number])[0] as number);
  }

  #contradiction(): number {
    const { opened, verdicts } = this.#model;
    if (verdicts.contradiction !== undefined) return verdicts.contradiction;
    throw new InputError(
      `Labels are scored alone against contradiction, and "${opened.name}" has no label that begins with "contradict"; ` +
        `it has ${quoted(opened.labels)}. Pass one of them as contradiction to ZeroShotClassifier.load.`,
    );
  }
}

function findVerdicts({ name, labels }: TaskModel, { entailment, contradiction }: ZeroShotOptions): Verdicts {
  const find = (asked: string | undefined, option: string, beginning: string) => {
    if (asked === undefined) return labels.findIndex((label) => label.toLowerCase().startsWith(beginning));
    const found = labels.indexOf(asked);
    if (found >= 0) return found;
    throw new InputError(`${option} is "${asked}", but the labels of "${name}" are ${quoted(labels)}.`);
  };
  const follows = find(entailment, "entailment", "entail");
  if (follows < 0) {
    throw new InputError(
      `"${name}" does not open as ZeroShotClassifier: none of its labels begins with "entail"; they are ${quoted(labels)}. ` +
        "Pass a model of natural language inference, or the label that means it as entailment.",
    );
  }
  const opposite = find(contradiction, "contradiction", "contradict");
  const other = labels.length === 2 ? 1 - follows : undefined;
  return { entailment: follows, contradiction: opposite >= 0 ? opposite : other };
}

function checkLabels(labels: readonly string[]): void {
  if (!Array.isArray(labels) || labels.length === 0) {
    throw new InputError("There are no labels to classify by; pass an array of at least one.");
  }
  labels.forEach((label: unknown, i) => {
    if (typeof label !== "string") throw new InputError(`Label ${i} is of type ${typeof label}; expected a string.`);
    if (labels.indexOf(label) !== i)
      throw new InputError(`The label "${label}" is given twice; pass different labels.`);
  });
}

/** Where labels differ in length, so does what is cut: the most is told. */
function premiseDetail({ length, readings }: Premise): ReadingDetail {
  return {
    tokens: length,
    truncated: readings.some(({ truncated }) => truncated),
    droppedCharacters: Math.max(...readings.map((reading) => reading.droppedCharacters)),
  };
}

function quoted(labels: readonly string[]): string {
  return labels.map((label) => `"${label}"`).join(", ");
}

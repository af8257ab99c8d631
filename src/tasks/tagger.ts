import { ConfigError, InputError } from "../errors.ts";
import type { CallOptions, LoadOptions } from "./load-options.ts";
import { type Performed, perform, type TaskWork } from "./perform.ts";
import { InputReader, type Reading, type ReadingDetail, type ReadOptions, readingDetail } from "./read-input.ts";
import type { Source } from "./read-windows.ts";
import { runEncodings } from "./run-encodings.ts";
import { readTagLabels, type TagLabels } from "./tag-labels.ts";
import { type Aggregation, type EntityRules, entitiesOf, uniteEntities } from "./tagged-entities.ts";
import { openTask, Task } from "./task.ts";
import type { TaskModel, TaskNeeds } from "./task-model.ts";
import { scoreTokens, uniteWindows } from "./token-scores.ts";

const NEEDS: TaskNeeds = {
  task: "Tagger",
  heads: [{ head: "token", outputs: ["logits"] }],
  suggested: [
    "dslim/bert-base-NER",
    "FacebookAI/xlm-roberta-large-finetuned-conll03-english",
    "vblagoje/bert-english-uncased-finetuned-pos",
  ],
};

const AGGREGATIONS: readonly Aggregation[] = ["none", "simple", "first", "average", "max"];

/** How texts are tagged. */
export interface TagOptions<Detail extends boolean = boolean> extends CallOptions, ReadOptions {
  /**
   * How tokens make entities. "none": every token with a label other than "O" for itself, under the label's whole name.
   * "simple": tokens that go on with each other. The others do so with words, so that no entity ends within one, and score
   * a word as its "first" token, as the "average" of its tokens, or as the surest one ("max"). Default: "first".
   */
  readonly aggregation?: Aggregation | undefined;
  /**
   * Whether to look only at sequences of labels that the scheme allows, the likeliest of these (Viterbi): no I- that
   * nothing begins. Default: false.
   */
  readonly constrained?: boolean | undefined;
  /** What becomes of texts longer than `maxLength`: read in windows, cut, or refused. Default: "window". */
  readonly truncation?: ReadOptions["truncation"];
  /** Tokens that neighbouring windows share. Default: a quarter of `maxLength`. */
  readonly stride?: number | undefined;
  /**
   * How windows become one. "words": each token is scored in the window where most stands around it, and entities are made
   * of all tokens of the text. "entities": each window makes its own, and of two that overlap the longer stays, then the
   * one with the higher score, as transformers does. Default: "words".
   */
  readonly merge?: "words" | "entities" | undefined;
  /** Whether results also tell what was read of the text. Default: false. */
  readonly detail?: Detail | undefined;
}

/** A name, a place, ... in a text. */
export interface Entity {
  /** Its type, without the scheme's prefix; with `aggregation: "none"` the label's whole name. */
  readonly label: string;
  readonly text: string;
  /** Where it stands in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** A probability: of several tokens or words the mean. */
  readonly score: number;
}

/** A text's entities, and what was read of it. */
export interface TaggingDetail extends ReadingDetail {
  /** In their order. */
  readonly entities: readonly Entity[];
}

/** One text's result: the entities alone, or with `detail: true` also what was read of the text. */
export type TaggingOf<Detail extends boolean> = Detail extends true ? TaggingDetail : Entity[];

/** A text that was cut into words before. Ranges are those of the words joined by single spaces. */
export interface SplitText {
  readonly words: readonly string[];
}

/**
 * Finds names, places, parts of speech, ...: gives tokens labels and makes entities of them. The scheme (BIO, BIOES, BILOU, or
 * none) is read from the checkpoint's labels.
 *
 *     const tagger = await Tagger.load("models/bert-base-NER");
 *     const [entity] = await tagger.tag("Ada Lovelace was born in London."); // { label: "PER", text: "Ada Lovelace", ... }
 */
export class Tagger extends Task {
  /** The labels in the model's order; "LABEL_0", ... where the config names none. */
  readonly labels: readonly string[];
  /** How they mark entities. */
  readonly scheme: TagLabels["scheme"];

  private constructor(opened: TaskModel) {
    super(opened);
    this.labels = opened.labels;
    checkTransitions(opened);
    this.scheme = readTagLabels(opened.labels).scheme;
  }

  /**
   * Opens a checkpoint that was trained to label tokens.
   *
   * @param where a model's folder
   * @throws InputError when none is named or there, it has no such head (naming the tasks that it would do for), or an
   *   option has no such value; ConfigError, CheckpointError, TokenizerError naming the file and what is wrong with it;
   *   BackendError when a backend that was asked for is not there.
   */
  static async load(where?: string, options: LoadOptions = {}): Promise<Tagger> {
    return openTask(where, NEEDS, options, (opened) => new Tagger(opened));
  }

  /**
   * Tags texts: one gives its entities in their order, an array an array, and anything else that can be iterated, also
   * asynchronously, an asynchronous iterable in the same order. An empty text has none. Results do not depend on which texts
   * are tagged together, bit for bit.
   *
   * @throws InputError when a text is no string, too long with `truncation: "error"`, or an option has no such value;
   *   ConfigError when the labels have no names and are to make entities; BackendError when a run fails; the signal's
   *   reason when it aborts.
   */
  tag<Detail extends boolean = false>(
    text: string | SplitText,
    options?: TagOptions<Detail>,
  ): Promise<TaggingOf<Detail>>;
  tag<Detail extends boolean = false>(
    texts: readonly (string | SplitText)[],
    options?: TagOptions<Detail>,
  ): Promise<TaggingOf<Detail>[]>;
  tag<Detail extends boolean = false>(
    texts: Source<string | SplitText>,
    options?: TagOptions<Detail>,
  ): AsyncGenerator<TaggingOf<Detail>, void>;
  tag(
    texts: string | SplitText | Source<string | SplitText>,
    options: TagOptions = {},
  ): Performed<Entity[] | TaggingDetail> {
    const call = {
      phase: "tag",
      unit: "texts",
      threads: this.backend.threads,
      isOne: isOneText,
      start: (batchTokens: number) => new TagWork(this.opened, { ...options, batchTokens }),
    };
    return perform(texts, call, options);
  }
}

function isOneText(texts: string | SplitText | Source<string | SplitText>): texts is string | SplitText {
  return typeof texts === "string" || (typeof texts === "object" && texts !== null && "words" in texts);
}

interface ReadText extends Reading {
  /** The whole of it. */
  readonly text: string;
  /** Where each word begins, of a text that came as words. */
  readonly wordStarts: readonly number[] | undefined;
}

/** What one call does with each text. */
class TagWork implements TaskWork<string | SplitText, ReadText, Entity[] | TaggingDetail> {
  readonly #opened: TaskModel;
  readonly #reader: InputReader;
  readonly #rules: EntityRules;
  readonly #options: TagOptions & { readonly batchTokens: number };

  constructor(opened: TaskModel, options: TagOptions & { readonly batchTokens: number }) {
    const { truncation = "window", side, aggregation = "first", constrained = false, merge = "words" } = options;
    const { stride = Math.floor(opened.maxLength / 4) } = options;
    checkChoice("aggregation", aggregation, AGGREGATIONS);
    checkChoice("merge", merge, ["words", "entities"]);
    if (aggregation !== "none") checkNamed(opened.labels);
    this.#opened = opened;
    this.#reader = new InputReader(opened, { truncation, side, stride });
    const { labels: names, config } = opened;
    this.#rules = { aggregation, constrained, names, labels: readTagLabels(names), transitions: config.transitions };
    this.#options = options;
  }

  tokenize(input: string | SplitText, index?: number): ReadText {
    if (typeof input !== "object" || input === null) {
      return { ...this.#reader.read(input, index), text: input, wordStarts: undefined };
    }
    const { words } = input;
    const reading = this.#reader.readWords(words, index);
    let at = 0;
    const wordStarts = words.map((word) => {
      at += word.length + 1;
      return at - word.length - 1;
    });
    return { ...reading, text: words.join(" "), wordStarts };
  }

  async run(readings: readonly ReadText[], signal: AbortSignal): Promise<(Entity[] | TaggingDetail)[]> {
    const sources = readings.flatMap((reading) => reading.windows.map(() => reading));
    const windows = readings.flatMap((reading) => reading.windows);
    const wordStarts = new Map(windows.map((window, i) => [window, sources[i]?.wordStarts]));
    const scored = await runEncodings(windows, {
      model: this.#opened.model,
      outputs: ["logits"],
      batchTokens: this.#options.batchTokens,
      signal,
      take: ({ logits }, encodings, { offsets }) => {
        const labels = this.#opened.labels.length;
        const rows = (i: number) => (offsets[i] as number) * labels;
        return encodings.map((encoding, i) =>
          scoreTokens(encoding, (logits as Float32Array).subarray(rows(i), rows(i + 1)), wordStarts.get(encoding)),
        );
      },
    });
    let next = 0;
    return readings.map((reading) => {
      next += reading.windows.length;
      const entities = this.#entities(reading, scored.slice(next - reading.windows.length, next));
      return this.#options.detail ? { entities, ...readingDetail(reading) } : entities;
    });
  }

  #entities({ text }: ReadText, windows: Parameters<typeof uniteWindows>[0]): Entity[] {
    const ranges =
      this.#options.merge === "entities"
        ? uniteEntities(windows.map((tokens) => entitiesOf(tokens, this.#rules)))
        : entitiesOf(uniteWindows(windows), this.#rules);
    return ranges.map(({ label, start, end, score }) => ({ label, text: text.slice(start, end), start, end, score }));
  }
}

/** @throws ConfigError when a conditional random field is of other labels. */
function checkTransitions({ labels, config: { transitions } }: TaskModel): void {
  const expected = (labels.length + 2) * labels.length;
  if (transitions === undefined || transitions.length === expected) return;
  throw new ConfigError(
    `config.json: cloze_crf has ${transitions.length} numbers; expected ${expected}, (labels + 2) x labels.`,
  );
}

function checkChoice(name: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw new InputError(`${name} is "${value}"; expected ${known.map((it) => `"${it}"`).join(", ")}.`);
}

/** @throws ConfigError when labels have no names: then none says "not an entity", and none where entities begin. */
function checkNamed(labels: readonly string[]): void {
  if (!labels.every((label, i) => label === `LABEL_${i}`)) return;
  throw new ConfigError(
    'config.json: id2label gives the labels no names ("LABEL_0", ...), so that they make no entities. ' +
      'Name them there ("O", "B-PER", ...), or pass aggregation: "none" for a label a token.',
  );
}

import type { SparsePooling } from "../checkpoints/sentence-modules.ts";
import type { Similarity } from "../checkpoints/sentence-transformers.ts";
import { wordTail } from "../models/word-tail.ts";
import type { Encoding } from "../tokenizers/encoding.ts";
import { checkTop } from "./classification.ts";
import type { CallOptions, LoadOptions } from "./load-options.ts";
import { type Performed, perform, type TaskWork } from "./perform.ts";
import { resolvePrompt } from "./prompts.ts";
import { InputReader, type Reading, type ReadingDetail, type ReadOptions, readingDetail } from "./read-input.ts";
import type { Source } from "./read-windows.ts";
import { runEncodings } from "./run-encodings.ts";
import { SIMILARITY_FUNCTIONS } from "./similarity.ts";
import { openTask, Task } from "./task.ts";
import type { TaskModel, TaskNeeds } from "./task-model.ts";
import { type WordWeights, wordWeights } from "./word-weights.ts";

const NEEDS: TaskNeeds = {
  task: "SparseEmbedder",
  heads: [{ head: "mlm", outputs: ["hidden", "wordMaxima"] }],
  tail: wordTail,
  suggested: ["naver/splade-v3", "naver/splade-cocondenser-ensembledistil", "ibm-granite/granite-embedding-30m-sparse"],
};

/** Of checkpoints that say nothing about it, such as the first SPLADEs. */
const PLAIN_POOLING: SparsePooling = { strategy: "max", activation: "relu" };

/** How texts are embedded. */
export interface SparseEmbedOptions<Detail extends boolean = boolean> extends CallOptions, ReadOptions {
  /** How many words to keep, the heaviest. Default: all with a weight above 0. */
  readonly top?: number | undefined;
  /** What the texts are: "query", "document", or the name of another of the checkpoint's prompts. Default: its default. */
  readonly prompt?: "query" | "document" | (string & {}) | undefined;
  /** A prompt word for word, instead of one of the checkpoint's. */
  readonly promptText?: string | undefined;
  /**
   * What becomes of texts longer than `maxLength`: cut, refused, or read in windows, whose tokens count as one text's.
   * Default: "truncate".
   */
  readonly truncation?: ReadOptions["truncation"];
  /** Tokens that neighbouring windows share. Default: 0. */
  readonly stride?: number | undefined;
  /** Whether results also tell what was read of the text. Default: false. */
  readonly detail?: Detail | undefined;
}

/** A word of the vocabulary and how much it says of a text. */
export interface TokenWeight {
  /** The token's id. */
  readonly index: number;
  /** As the vocabulary spells it. */
  readonly token: string;
  /** Above 0. */
  readonly weight: number;
}

/** A sparse embedding, and what it was made from. */
export interface SparseEmbeddingDetail extends ReadingDetail {
  /** Heaviest first; of the same weight in the order of their ids. */
  readonly embedding: readonly TokenWeight[];
}

/** One text's result: the weights alone, or with `detail: true` what they were made from. */
export type SparseEmbeddingOf<Detail extends boolean> = Detail extends true
  ? SparseEmbeddingDetail
  : readonly TokenWeight[];

/**
 * Turns texts into weights of words, also of words that they do not hold but mean: for search by an inverted index, or by
 * `similarity`. Source: SPLADE, arXiv 2109.10086.
 *
 *     const embedder = await SparseEmbedder.load("models/splade-v3");
 *     const [heaviest] = await embedder.embed("how do bees make honey?"); // { index, token: "honey", weight }
 */
export class SparseEmbedder extends Task {
  /** What `similarity` computes. */
  readonly similarityFunction: Similarity;
  /** The checkpoint's prompts by name. */
  readonly prompts: ReadonlyMap<string, string>;

  private constructor(opened: TaskModel) {
    super(opened);
    this.similarityFunction = opened.layout?.kind === "sparse-embedder" ? opened.layout.similarity : "dot";
    this.prompts = opened.layout?.prompts ?? new Map();
  }

  /**
   * Opens a checkpoint with a masked-word head.
   *
   * @param where a model's folder
   * @throws InputError when none is named or there, it has no such head (naming the tasks that it would do for), or an
   *   option has no such value; ConfigError, CheckpointError, TokenizerError naming the file and what is wrong with it;
   *   BackendError when a backend that was asked for is not there.
   */
  static async load(where?: string, options: LoadOptions = {}): Promise<SparseEmbedder> {
    return openTask(where, NEEDS, options, (opened) => new SparseEmbedder(opened));
  }

  /**
   * Embeds texts: one text gives one embedding, an array an array, and anything else that can be iterated, also
   * asynchronously, an asynchronous iterable in the same order. Results do not depend on which texts are embedded together,
   * bit for bit.
   *
   * @throws InputError when a text is no string, too long with `truncation: "error"`, or an option has no such value;
   *   BackendError when a run fails; the signal's reason when it aborts.
   */
  embed<Detail extends boolean = false>(
    text: string,
    options?: SparseEmbedOptions<Detail>,
  ): Promise<SparseEmbeddingOf<Detail>>;
  embed<Detail extends boolean = false>(
    texts: readonly string[],
    options?: SparseEmbedOptions<Detail>,
  ): Promise<SparseEmbeddingOf<Detail>[]>;
  embed<Detail extends boolean = false>(
    texts: Source<string>,
    options?: SparseEmbedOptions<Detail>,
  ): AsyncGenerator<SparseEmbeddingOf<Detail>, void>;
  embed(
    texts: string | Source<string>,
    options: SparseEmbedOptions = {},
  ): Performed<SparseEmbeddingDetail | readonly TokenWeight[]> {
    const call = {
      phase: "embed",
      unit: "texts",
      threads: this.backend.threads,
      isOne: (texts: string | Source<string>) => typeof texts === "string",
      start: (batchTokens: number) => new SparseEmbedWork(this.opened, { ...options, batchTokens }),
    };
    return perform(texts, call, options);
  }

  /**
   * How alike two embeddings are, by the checkpoint's own measure (`similarityFunction`), usually the sum over the words
   * of both of the product of their weights.
   */
  similarity(a: readonly TokenWeight[], b: readonly TokenWeight[]): number {
    const places = new Map([...a, ...b].map(({ index }, i) => [index, i]));
    const dense = (weights: readonly TokenWeight[]) => {
      const numbers = new Float64Array(a.length + b.length);
      for (const { index, weight } of weights) numbers[places.get(index) as number] = weight;
      return numbers;
    };
    return SIMILARITY_FUNCTIONS[this.similarityFunction](dense(a), dense(b));
  }
}

const NO_PROMPTS = { prompts: new Map<string, string>(), defaultPrompt: undefined };

/** What one call does with each text. */
class SparseEmbedWork implements TaskWork<string, Reading, SparseEmbeddingDetail | readonly TokenWeight[]> {
  readonly #opened: TaskModel;
  readonly #reader: InputReader;
  readonly #options: SparseEmbedOptions & { readonly batchTokens: number };

  constructor(opened: TaskModel, options: SparseEmbedOptions & { readonly batchTokens: number }) {
    const { truncation = "truncate", stride, side } = options;
    checkTop(options.top);
    const prompt = resolvePrompt(opened.layout ?? NO_PROMPTS, options.prompt, options.promptText);
    this.#opened = opened;
    this.#reader = new InputReader(opened, { truncation, stride, side, prompt });
    this.#options = options;
  }

  tokenize(text: string, index?: number): Reading {
    return this.#reader.read(text, index);
  }

  async run(readings: readonly Reading[], signal: AbortSignal) {
    const { detail } = this.#options;
    const windows = await this.#weigh(
      readings.flatMap((reading) => reading.windows),
      signal,
    );
    let next = 0;
    return readings.map((reading) => {
      next += reading.windows.length;
      const embedding = this.#toEmbedding(windows.slice(next - reading.windows.length, next));
      return detail ? { embedding, ...readingDetail(reading) } : embedding;
    });
  }

  /** The encoder runs once a batch; its token vectors then pass the head in chunks. */
  #weigh(encodings: readonly Encoding[], signal: AbortSignal): Promise<WordWeights[]> {
    const { model } = this.#opened;
    const options = { pooling: this.#pooling, vocabularySize: model.columns("wordMaxima"), signal };
    return runEncodings(encodings, {
      model,
      outputs: ["hidden"],
      batchTokens: this.#options.batchTokens,
      signal,
      take: ({ hidden }, _, { offsets }) => wordWeights(model, { hidden: hidden as Float32Array, offsets }, options),
    });
  }

  get #pooling(): SparsePooling {
    return this.#opened.layout?.sparsePooling ?? PLAIN_POOLING;
  }

  #toEmbedding(windows: readonly WordWeights[]): TokenWeight[] {
    const { tokenizer } = this.#opened;
    const all = windows.length === 1 ? (windows[0] as WordWeights) : this.#together(windows);
    const sorted = all.toSorted(([a, weightA], [b, weightB]) => weightB - weightA || a - b);
    return sorted
      .slice(0, this.#options.top)
      .map(([index, weight]) => ({ index, token: tokenizer.tokenOf(index) ?? "", weight }));
  }

  #together(windows: readonly WordWeights[]): WordWeights {
    const weights = new Map<number, number>();
    for (const [index, weight] of windows.flat()) {
      const before = weights.get(index) ?? 0;
      weights.set(index, this.#pooling.strategy === "sum" ? before + weight : Math.max(before, weight));
    }
    return [...weights];
  }
}

import type { BackendInfo } from "../backends/backend.ts";
import { createBackend } from "../backends/choose.ts";
import { resolveWhere } from "../checkpoints/default-model.ts";
import type { Similarity } from "../checkpoints/sentence-transformers.ts";
import { InputError } from "../errors.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { type BatchOptions, inBatches } from "./batch-pipeline.ts";
import { EmbedCall } from "./embed-call.ts";
import type { EmbedderOptions, EmbeddingOf, EmbedOptions } from "./embedder-options.ts";
import { type EmbedderParts, openEmbedderParts } from "./embedder-parts.ts";
import { ProgressMeter } from "./progress.ts";
import type { Source } from "./read-windows.ts";
import { SIMILARITY_FUNCTIONS } from "./similarity.ts";

/**
 * Tokens of one run, for each thread and at least: what keeps the activations of MiniLM in the second-level caches.
 * Measured: runs of 4,096 tokens on two threads take a fifth longer a token than runs of 512, those of 256 a tenth.
 */
const TOKENS_A_THREAD = 256;
const LEAST_TOKENS = 512;

/**
 * Turns texts into vectors, so that texts of like meaning have like vectors. Whatever the checkpoint states is obeyed:
 * pooling, further layers, normalization, prompts, length.
 *
 * Concurrent calls are fine. Results do not depend on which texts are embedded together, bit for bit.
 *
 *     const embedder = await Embedder.load();
 *     const [question, answer] = await embedder.embed(["What do bees make?", "Honey."]);
 *     embedder.similarity(question, answer); // 0.5
 */
export class Embedder {
  /** The model's name. */
  readonly name: string;
  /** Numbers of an embedding. */
  readonly dimensions: number;
  /** Tokens that are read of a text at most, prompt and special ones included. */
  readonly maxLength: number;
  /** What `similarity` computes. */
  readonly similarityFunction: Similarity;
  /** The checkpoint's prompts by name. */
  readonly prompts: ReadonlyMap<string, string>;
  readonly tokenizer: Tokenizer;
  readonly backend: BackendInfo;
  readonly #parts: EmbedderParts;
  readonly #close: () => Promise<void>;
  #disposed: Promise<void> | undefined;

  private constructor(name: string, parts: EmbedderParts, backend: BackendInfo, close: () => Promise<void>) {
    this.name = name;
    this.dimensions = parts.dimensions;
    this.maxLength = parts.maxLength;
    this.similarityFunction = parts.layout.similarity;
    this.prompts = parts.layout.prompts;
    this.tokenizer = parts.tokenizer;
    this.backend = backend;
    this.#parts = parts;
    this.#close = close;
  }

  /**
   * Opens a model.
   *
   * @param where a folder: a Sentence Transformers repository, or any encoder, whose token vectors are averaged then (as
   *   sentence_transformers does). Default: all-MiniLM-L6-v2, if the package that holds it is installed.
   * @throws InputError when it is not there or an option has no such value; ConfigError, CheckpointError, TokenizerError
   *   naming the file and what is wrong with it; BackendError when a backend that was asked for is not there.
   */
  static async load(where?: string, options: EmbedderOptions = {}): Promise<Embedder> {
    const { signal, threads, dtype = "f32" } = options;
    if (dtype !== "f32") throw new InputError(`dtype is "${dtype}"; expected "f32".`);
    signal?.throwIfAborted();
    const location = await resolveWhere(where);
    const [given, name] = typeof options.backend === "object" ? [options.backend] : [undefined, options.backend];
    const backend = given ?? (await createBackend(name, { threads }));
    try {
      const parts = await openEmbedderParts(location, backend, options);
      return new Embedder(location.name, parts, backend.info, async () => {
        parts.model.close();
        if (given === undefined) await backend.close();
      });
    } catch (error) {
      if (given === undefined) await backend.close();
      throw error;
    }
  }

  /**
   * Embeds texts: one text gives one vector, an array gives an array, and anything else that can be iterated, also
   * asynchronously, an asynchronous iterable in the same order. It reads ahead of what is taken from it by 3,072 texts
   * at most, so that streams of any length fit in memory. With `detail: true` each result also tells what was read.
   *
   * Texts are run in batches of `batchTokens`; an empty text is the model's special tokens alone.
   *
   * @throws InputError when a text is no string, too long with `truncation: "error"`, or an option has no such value;
   *   BackendError when a run fails; the signal's reason when it aborts.
   */
  embed<Detail extends boolean = false>(text: string, options?: EmbedOptions<Detail>): Promise<EmbeddingOf<Detail>>;
  embed<Detail extends boolean = false>(
    texts: readonly string[],
    options?: EmbedOptions<Detail>,
  ): Promise<EmbeddingOf<Detail>[]>;
  embed<Detail extends boolean = false>(
    texts: Source<string>,
    options?: EmbedOptions<Detail>,
  ): AsyncGenerator<EmbeddingOf<Detail>, void>;
  embed<Detail extends boolean = false>(
    texts: string | Source<string>,
    options: EmbedOptions<Detail> = {},
  ): Promise<EmbeddingOf<Detail> | EmbeddingOf<Detail>[]> | AsyncGenerator<EmbeddingOf<Detail>, void> {
    if (typeof texts === "string") return this.#embedOne(texts, options);
    if (Array.isArray(texts)) return this.#embedAll(texts, options);
    return isSource(texts) ? this.#embedStream(texts, options) : Promise.reject(notEmbeddable(texts));
  }

  /**
   * How alike two embeddings are, by the checkpoint's own measure (`similarityFunction`): the more, the higher; distances
   * are negative.
   *
   * @throws InputError when they differ in length.
   */
  similarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
    return SIMILARITY_FUNCTIONS[this.similarityFunction](a, b);
  }

  /** Gives the memory back. Calls under way fail, and so do later ones. */
  dispose(): Promise<void> {
    this.#disposed ??= this.#close();
    return this.#disposed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** The shortest way: nothing is sorted, split or waited for. */
  async #embedOne<Detail extends boolean>(text: string, options: EmbedOptions<Detail>): Promise<EmbeddingOf<Detail>> {
    const call = this.#call(options);
    const progress = new ProgressMeter(options.onProgress, "embed", "texts", 1);
    const [result] = await call.run([call.tokenize(text)], options.signal);
    progress.advance(1);
    return result as EmbeddingOf<Detail>;
  }

  async #embedAll<Detail extends boolean>(texts: readonly string[], options: EmbedOptions<Detail>) {
    const results: EmbeddingOf<Detail>[] = [];
    const batches = inBatches(texts, this.#call(options), this.#batchOptions(options, texts.length));
    for await (const window of batches) for (const result of window) results.push(result);
    return results;
  }

  async *#embedStream<Detail extends boolean>(texts: Source<string>, options: EmbedOptions<Detail>) {
    const call = this.#call(options);
    for await (const window of inBatches(texts, call, this.#batchOptions(options))) yield* window;
  }

  #call<Detail extends boolean>(options: EmbedOptions<Detail>): EmbedCall<Detail> {
    if (this.#disposed !== undefined) throw new InputError("This embedder was disposed of; load it again.");
    return new EmbedCall(this.#parts, options);
  }

  #batchOptions({ batchTokens, signal, onProgress }: EmbedOptions, total?: number): BatchOptions {
    const tokens = batchTokens ?? Math.max(LEAST_TOKENS, TOKENS_A_THREAD * this.backend.threads);
    if (!Number.isInteger(tokens) || tokens < 1) {
      throw new InputError(`batchTokens is ${batchTokens}; expected an integer of at least 1.`);
    }
    return { batchTokens: tokens, signal, progress: new ProgressMeter(onProgress, "embed", "texts", total) };
  }
}

function isSource(texts: unknown): texts is Source<string> {
  return typeof texts === "object" && texts !== null && (Symbol.iterator in texts || Symbol.asyncIterator in texts);
}

function notEmbeddable(value: unknown): InputError {
  return new InputError(
    `Cannot embed a value of type ${typeof value}; expected a text, an array or an iterable of texts.`,
  );
}

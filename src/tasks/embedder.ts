import type { Similarity } from "../checkpoints/sentence-transformers.ts";
import { EmbedCall } from "./embed-call.ts";
import type { EmbedderOptions, EmbeddingOf, EmbedOptions } from "./embedder-options.ts";
import { type EmbedderParts, openEmbedderParts } from "./embedder-parts.ts";
import { type Performed, perform } from "./perform.ts";
import type { Source } from "./read-windows.ts";
import { SIMILARITY_FUNCTIONS } from "./similarity.ts";
import { Task } from "./task.ts";

/**
 * Turns texts into vectors, so that texts of like meaning have like vectors. Whatever the checkpoint states is obeyed:
 * pooling, further layers, normalization, prompts, length.
 *
 * Concurrent calls are fine. Results do not depend on which texts are embedded together, bit for bit.
 *
 *     const embedder = await Embedder.load();
 *     const [question, answer] = await embedder.embed(["What do bees make?", "Honey."]);
 *     embedder.similarity(question, answer); // 0.351
 */
export class Embedder extends Task<EmbedderParts> {
  /** Numbers of an embedding. */
  readonly dimensions: number;
  /** What `similarity` computes. */
  readonly similarityFunction: Similarity;
  /** The checkpoint's prompts by name. */
  readonly prompts: ReadonlyMap<string, string>;

  private constructor(parts: EmbedderParts) {
    super(parts);
    this.dimensions = parts.dimensions;
    this.similarityFunction = parts.layout.similarity;
    this.prompts = parts.layout.prompts;
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
    return new Embedder(await openEmbedderParts(where, options));
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
  ): Performed<EmbeddingOf<Detail>> {
    const call = {
      phase: "embed",
      unit: "texts",
      threads: this.backend.threads,
      isOne: (texts: string | Source<string>) => typeof texts === "string",
      start: () => new EmbedCall(this.opened, options),
    };
    return perform(texts, call, options);
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
}

import { InputError } from "../errors.ts";
import { checkTop } from "./classification.ts";
import type { CallOptions, LoadOptions } from "./load-options.ts";
import { perform, type TaskWork } from "./perform.ts";
import { crossEncoderPrompt } from "./prompts.ts";
import { InputReader, type Reading, type ReadingDetail, type ReadOptions, readingDetail } from "./read-input.ts";
import type { Source } from "./read-windows.ts";
import { applyActivation, chooseActivation, type ScoreActivation } from "./score-activation.ts";
import { openTask, Task } from "./task.ts";
import type { TaskModel, TaskNeeds } from "./task-model.ts";
import { windowLogits } from "./window-logits.ts";

const NEEDS: TaskNeeds = {
  task: "Reranker",
  heads: [{ head: "sequence", outputs: ["logits"] }],
  suggested: ["cross-encoder/ms-marco-MiniLM-L6-v2", "BAAI/bge-reranker-v2-m3", "mixedbread-ai/mxbai-rerank-base-v1"],
};

/** How passages are ranked. */
export interface RankOptions<Detail extends boolean = boolean> extends CallOptions, ReadOptions {
  /** How many passages to return, the best. Default: all. */
  readonly top?: number | undefined;
  /** What turns the model's numbers into scores. Default: as the checkpoint says (`Reranker.activation`). */
  readonly activation?: Exclude<ScoreActivation, "softmax"> | undefined;
  /**
   * What becomes of pairs longer than `maxLength`: cut, the longer text first; refused; or read in windows, of which the
   * best counts. Default: "truncate".
   */
  readonly truncation?: ReadOptions["truncation"];
  /** Tokens that neighbouring windows share. Default: 0. */
  readonly stride?: number | undefined;
  /** Whether results also tell what was read of the query and the passage. Default: false. */
  readonly detail?: Detail | undefined;
}

/** A passage and how well it answers. */
export interface Ranked {
  /** Its number among the passages, from 0. */
  readonly index: number;
  /** The higher, the better; a probability where the activation is a sigmoid. */
  readonly score: number;
  readonly text: string;
}

/** A passage's result; with `detail: true` it also tells what was read. */
export type RankedOf<Detail extends boolean> = Detail extends true ? Ranked & ReadingDetail : Ranked;

/**
 * Sorts passages by how well they answer a query: a cross-encoder reads query and passage together, which finds more than
 * comparing embeddings, and takes a run for every passage. Source: arXiv 1901.04085; sentence_transformers,
 * cross_encoder/model.py.
 *
 *     const reranker = await Reranker.load("models/ms-marco-MiniLM-L6-v2");
 *     const [best] = await reranker.rank("how do bees make honey?", passages, { top: 3 });
 */
export class Reranker extends Task {
  /** What turns the model's numbers into scores unless a call asks for another. */
  readonly activation: string;

  private constructor(opened: TaskModel) {
    super(opened);
    const { labels, name } = opened;
    if (labels.length !== 1) {
      throw new InputError(
        `"${name}" does not open as Reranker: it gives ${labels.length} scores a pair, and a reranker one. It opens as Classifier.`,
      );
    }
    this.activation = chooseActivation(opened);
  }

  /**
   * Opens a cross-encoder with one score.
   *
   * @param where a model's folder
   * @throws InputError when none is named or there, it has no such score (naming the tasks that it would do for), or an
   *   option has no such value; ConfigError, CheckpointError, TokenizerError naming the file and what is wrong with it;
   *   BackendError when a backend that was asked for is not there.
   */
  static async load(where?: string, options: LoadOptions = {}): Promise<Reranker> {
    return openTask(where, NEEDS, options, (opened) => new Reranker(opened));
  }

  /**
   * Ranks passages for a query, the best first; passages of the same score keep their order. A passage's score does not
   * depend on the others, bit for bit.
   *
   * @param passages an array, or anything that can be iterated, also asynchronously; all are read before one is returned.
   * @throws InputError when a text is no string, too long with `truncation: "error"`, or an option has no such value;
   *   BackendError when a run fails; the signal's reason when it aborts.
   */
  async rank<Detail extends boolean = false>(
    query: string,
    passages: readonly string[] | Source<string>,
    options: RankOptions<Detail> = {},
  ): Promise<RankedOf<Detail>[]> {
    const top = checkTop(options.top);
    const call = {
      phase: "rank",
      unit: "passages",
      threads: this.backend.threads,
      isOne: (_: string | Source<string>): _ is string => false,
      start: (batchTokens: number) => new RankWork(this.opened, query, { ...options, batchTokens }),
    };
    const results = perform(passages, call, options);
    const scored = Symbol.asyncIterator in results ? await collected(results) : ((await results) as Ranked[]);
    scored.sort((a, b) => b.score - a.score || a.index - b.index);
    return scored.slice(0, top) as RankedOf<Detail>[];
  }
}

async function collected<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

interface ReadPassage extends Reading {
  readonly text: string;
  readonly index: number;
}

/** What one call does with each passage. */
class RankWork implements TaskWork<string, ReadPassage, Ranked> {
  readonly #opened: TaskModel;
  readonly #query: string;
  readonly #reader: InputReader;
  readonly #activation: ReturnType<typeof chooseActivation>;
  readonly #options: RankOptions & { readonly batchTokens: number };

  constructor(opened: TaskModel, query: string, options: RankOptions & { readonly batchTokens: number }) {
    const { truncation = "truncate", stride, side } = options;
    if (typeof query !== "string") throw new InputError(`The query is of type ${typeof query}; expected a string.`);
    this.#opened = opened;
    this.#query = query;
    this.#reader = new InputReader(opened, { truncation, stride, side, prompt: crossEncoderPrompt(opened.layout) });
    this.#activation = chooseActivation(opened, options.activation);
    this.#options = options;
  }

  tokenize(text: string, index = 0): ReadPassage {
    return { ...this.#reader.read({ text: this.#query, pair: text }, index), text, index };
  }

  async run(passages: readonly ReadPassage[], signal: AbortSignal): Promise<Ranked[]> {
    const { batchTokens, detail } = this.#options;
    const logits = await windowLogits(this.#opened.model, passages, { signal, batchTokens });
    return passages.map((passage, i) => {
      // MaxP of arXiv 1905.09217: a long passage is as good as its best window.
      const best = Math.max(...(logits[i] ?? []).map((row) => row[0] as number));
      const [score] = applyActivation([best], this.#activation) as [number];
      const ranked = { index: passage.index, score, text: passage.text };
      return detail ? { ...ranked, ...readingDetail(passage) } : ranked;
    });
  }
}

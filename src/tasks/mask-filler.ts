import { InputError } from "../errors.ts";
import { wordTail } from "../models/word-tail.ts";
import type { Filling, FillOptions, PseudoLikelihood, WholeTextOptions } from "./fill-options.ts";
import { FillWork } from "./fill-work.ts";
import type { LoadOptions } from "./load-options.ts";
import { type Performed, perform } from "./perform.ts";
import type { Source } from "./read-windows.ts";
import { ScoreWork } from "./score-work.ts";
import { openTask, Task } from "./task.ts";
import type { TaskModel, TaskNeeds } from "./task-model.ts";

const NEEDS: TaskNeeds = {
  task: "MaskFiller",
  heads: [{ head: "mlm", outputs: ["hidden", "wordLogits"] }],
  tail: wordTail,
  suggested: ["google-bert/bert-base-uncased", "FacebookAI/roberta-base", "answerdotai/ModernBERT-base"],
};

/**
 * Says which words fit where a text has a mask, as masked language models were pre-trained to, and how likely a text is.
 *
 *     const filler = await MaskFiller.load("models/bert-base-uncased");
 *     const [fillings] = await filler.fill("Paris is the [MASK] of France."); // { token: "capital", score, text, id }, ...
 *     const { score } = await filler.score("Paris is the capital of France.");
 */
export class MaskFiller extends Task {
  /** What stands for a missing word, such as "[MASK]" or "<mask>". */
  readonly maskToken: string;

  private constructor(opened: TaskModel) {
    super(opened);
    this.maskToken = maskOf(opened).token;
  }

  /**
   * Opens a checkpoint with a masked-word head.
   *
   * @param where a model's folder
   * @throws InputError when none is named or there, it has no such head (naming the tasks that it would do for), its
   *   tokenizer names no mask, or an option has no such value; ConfigError, CheckpointError, TokenizerError naming the file
   *   and what is wrong with it; BackendError when a backend that was asked for is not there.
   */
  static async load(where?: string, options: LoadOptions = {}): Promise<MaskFiller> {
    return openTask(where, NEEDS, options, (opened) => new MaskFiller(opened));
  }

  /**
   * Fills the masks of texts: one text gives a list for each of its masks, the likeliest word first; an array an array of
   * these, and anything else that can be iterated, also asynchronously, an asynchronous iterable in the same order. Results
   * do not depend on which texts are filled together, bit for bit.
   *
   * @throws InputError when a text is no string, has no mask, is too long with `truncation: "error"`, a target is not one
   *   token, or an option has no such value; BackendError when a run fails; the signal's reason when it aborts.
   */
  fill(text: string, options?: FillOptions): Promise<Filling[][]>;
  fill(texts: readonly string[], options?: FillOptions): Promise<Filling[][][]>;
  fill(texts: Source<string>, options?: FillOptions): AsyncGenerator<Filling[][], void>;
  fill(texts: string | Source<string>, options: FillOptions = {}): Performed<Filling[][]> {
    const start = (batchTokens: number) => new FillWork(this.opened, maskOf(this.opened), { ...options, batchTokens });
    return perform(texts, { ...this.#call("fill"), start }, options);
  }

  /**
   * How likely texts are: each token is masked in turn, and its log-probability given all others summed up. Special tokens
   * and masks do not count. A run for every token. One text gives one result, an array an array, and anything else that can
   * be iterated an asynchronous iterable in the same order. Source: pseudo-log-likelihood, arXiv 1910.14659.
   *
   * @throws InputError when a text is no string or too long with `truncation: "error"`; BackendError when a run fails; the
   *   signal's reason when it aborts.
   */
  score(text: string, options?: WholeTextOptions): Promise<PseudoLikelihood>;
  score(texts: readonly string[], options?: WholeTextOptions): Promise<PseudoLikelihood[]>;
  score(texts: Source<string>, options?: WholeTextOptions): AsyncGenerator<PseudoLikelihood, void>;
  score(texts: string | Source<string>, options: WholeTextOptions = {}): Performed<PseudoLikelihood> {
    const start = (batchTokens: number) => new ScoreWork(this.opened, maskOf(this.opened), { ...options, batchTokens });
    return perform(texts, { ...this.#call("score"), start }, options);
  }

  #call(phase: string) {
    const isOne = (texts: string | Source<string>) => typeof texts === "string";
    return { phase, unit: "texts", threads: this.backend.threads, isOne };
  }
}

/** @throws InputError when the tokenizer has no mask. */
function maskOf({ name, tokenizer }: TaskModel) {
  const { mask } = tokenizer.specialTokens;
  if (mask !== undefined) return mask;
  throw new InputError(
    `The tokenizer of "${name}" names no mask token, so that its masked-word head cannot be used: expected mask_token in ` +
      "tokenizer_config.json.",
  );
}

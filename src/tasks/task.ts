import type { BackendInfo } from "../backends/backend.ts";
import { InputError } from "../errors.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import type { TaskModel } from "./task-model.ts";

/** What all tasks are: a checkpoint that was opened, and that gives its memory back. */
export abstract class Task {
  /** The model's name. */
  readonly name: string;
  /** Tokens that are read of a text at most, special ones included. */
  readonly maxLength: number;
  readonly tokenizer: Tokenizer;
  readonly backend: BackendInfo;
  readonly #opened: TaskModel;
  #disposed: Promise<void> | undefined;

  protected constructor(opened: TaskModel) {
    this.name = opened.name;
    this.maxLength = opened.maxLength;
    this.tokenizer = opened.tokenizer;
    this.backend = opened.backend;
    this.#opened = opened;
  }

  /** @throws InputError after `dispose`. */
  protected get opened(): TaskModel {
    if (this.#disposed !== undefined)
      throw new InputError(`This model, "${this.name}", was disposed of; load it again.`);
    return this.#opened;
  }

  /** Gives the memory back. Calls under way fail, and so do later ones. */
  dispose(): Promise<void> {
    this.#disposed ??= this.#opened.close();
    return this.#disposed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

import type { BackendInfo } from "../backends/backend.ts";
import { InputError } from "../errors.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import type { LoadOptions } from "./load-options.ts";
import { openTaskModel, type TaskModel, type TaskNeeds } from "./task-model.ts";

/** What a task works with. */
export type Opened = Pick<TaskModel, "name" | "maxLength" | "tokenizer" | "backend" | "close">;

/** What all tasks are: a checkpoint that was opened, and that gives its memory back. */
export abstract class Task<O extends Opened = TaskModel> {
  /** The model's name. */
  readonly name: string;
  /** Tokens that are read of a text at most, special ones included. */
  readonly maxLength: number;
  readonly tokenizer: Tokenizer;
  readonly backend: BackendInfo;
  readonly #opened: O;
  #disposed: Promise<void> | undefined;

  protected constructor(opened: O) {
    this.name = opened.name;
    this.maxLength = opened.maxLength;
    this.tokenizer = opened.tokenizer;
    this.backend = opened.backend;
    this.#opened = opened;
  }

  /** @throws InputError after `dispose`. */
  protected get opened(): O {
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

/** As `openTaskModel`, and makes the task of it; what `make` throws closes the model again. */
export async function openTask<T extends Task>(
  where: string | undefined,
  needs: TaskNeeds,
  options: LoadOptions,
  make: (opened: TaskModel) => T,
): Promise<T> {
  const opened = await openTaskModel(where, needs, options);
  try {
    return make(opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

import type { Backend, BackendInfo } from "../backends/backend.ts";
import type { CommonConfig } from "../checkpoints/config-reader.ts";
import { type ModelLocation, resolveWhere } from "../checkpoints/default-model.ts";
import { Checkpoint } from "../checkpoints/repository.ts";
import type { SentenceLayout } from "../checkpoints/sentence-transformers.ts";
import { InputError } from "../errors.ts";
import type { HeadName } from "../models/architecture.ts";
import type { Model } from "../models/model.ts";
import type { Tail } from "../models/model-graph.ts";
import { Tokenizer } from "../tokenizers/tokenizer.ts";
import type { LoadOptions } from "./load-options.ts";
import { chooseMaxLength } from "./max-length.ts";
import { type HeadUse, openHead } from "./open-head.ts";
import { openOnBackend } from "./open-on-backend.ts";
import { ProgressMeter } from "./progress.ts";
import { sentenceHead } from "./sentence-classifier.ts";

/** What a task asks of a checkpoint. */
export interface TaskNeeds {
  /** Its class, such as "Classifier", for messages. */
  readonly task: string;
  /** Heads that will do, the best first. */
  readonly heads: readonly HeadUse[];
  /** Hub ids that a message names where no model was given; undefined: the default model will do. */
  readonly suggested?: readonly string[] | undefined;
  /** Results that the task adds to the program; `heads` may name them. */
  readonly tail?: Tail | undefined;
  /** Whether the head may be the last module of an embedder's folder (`sentenceHead`). Default: false. */
  readonly ofSentences?: boolean | undefined;
}

/** A checkpoint opened for a task. */
export interface TaskModel {
  /** The model's name, for messages and results. */
  readonly name: string;
  readonly model: Model;
  readonly head: HeadName;
  /** What the task runs of it, as its `HeadUse` says. */
  readonly outputs: readonly string[];
  readonly tokenizer: Tokenizer;
  /** Names of the classes; "LABEL_0", ... where the config names none. */
  readonly labels: readonly string[];
  /** What the config says besides sizes, such as `problemType`. */
  readonly config: CommonConfig;
  /** The Sentence Transformers layout; undefined for a plain checkpoint. */
  readonly layout: SentenceLayout | undefined;
  /** Tokens that are read of a text at most, special ones included. */
  readonly maxLength: number;
  readonly backend: BackendInfo;
  /** Gives the memory back: of the model, and of the backend unless it was given open. */
  close(): Promise<void>;
}

/**
 * Opens a checkpoint for a task, weights and all, so that the first text waits for nothing.
 *
 * @param where a model's folder; default: the default model, where it will do
 * @throws InputError when no model is named or there, it has no head for the task (naming the tasks that it would do
 *   for), or an option has no such value; ConfigError, CheckpointError, TokenizerError naming the file and what is wrong
 *   with it; BackendError when a backend that was asked for is not there.
 */
export async function openTaskModel(
  where: string | undefined,
  needs: TaskNeeds,
  options: LoadOptions = {},
): Promise<TaskModel> {
  if (where === undefined && needs.suggested !== undefined) throw notNamed(needs.task, needs.suggested);
  return openOnBackend(options, async (backend) =>
    openParts(
      await resolveWhere(where, { signal: options.signal, onProgress: options.onProgress }),
      needs,
      backend,
      options,
    ),
  );
}

async function openParts(location: ModelLocation, needs: TaskNeeds, backend: Backend, options: LoadOptions) {
  const { layout, name } = location;
  const folder = layout?.encoderFolder ?? location.folder;
  let progress: ProgressMeter | undefined;
  const checkpoint = Checkpoint.open(folder);
  const sentences = needs.ofSentences === true ? sentenceHead(layout, checkpoint) : undefined;
  const { model, head, outputs } = openHead(
    checkpoint,
    name,
    { ...needs, ...sentences },
    {
      backend,
      tensors: sentences?.tensors,
      dtype: options.dtype,
      onTensor: () => progress?.advance(1),
    },
  );
  try {
    const tokenizer = await Tokenizer.load(folder);
    const { labels, common: config } = model.architecture;
    const stated = layout?.maxLength ?? tokenizer.maxLength;
    const maxLength = chooseMaxLength(options.maxLength, stated, model.maxLength);
    progress = new ProgressMeter(options.onProgress, "load", "tensors", model.parameters(outputs).length);
    model.prepare(outputs); // uploads the weights
    return { name, model, head, outputs, tokenizer, labels, config, layout, maxLength };
  } catch (error) {
    model.close();
    throw error;
  }
}

function notNamed(task: string, suggested: readonly string[]): InputError {
  const ids = suggested.map((id) => `"${id}"`).join(", ");
  return new InputError(
    `No model was named, and ${task} has no default one: name a model's folder, for example a download of ${ids}.`,
  );
}

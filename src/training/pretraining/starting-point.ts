import { joinPath, pathKind } from "#platform";
import { resolveWhere } from "../../checkpoints/default-model.ts";
import type { JsonObject } from "../../checkpoints/json-files.ts";
import { readJsonObject } from "../../checkpoints/json-files.ts";
import { Checkpoint } from "../../checkpoints/repository.ts";
import type { StoredTensor } from "../../checkpoints/stored-types.ts";
import { ConfigError, InputError } from "../../errors.ts";
import type { ConfiguredArchitecture } from "../../models/architecture.ts";
import { configure } from "../../models/load-model.ts";
import { findArchitecture } from "../../models/registry.ts";
import { Tokenizer } from "../../tokenizers/tokenizer.ts";
import { freshConfig } from "./fresh-config.ts";
import type { FilledOptions, PretrainOptions } from "./pretrain-options.ts";
import { headOfTasks } from "./pretraining-model.ts";
import type { PretrainingTask } from "./pretraining-tasks.ts";

/** The model that a run begins with. */
export interface StartingPoint {
  readonly config: JsonObject;
  readonly architecture: ConfiguredArchitecture;
  /** The folder to go on from; undefined from scratch. */
  readonly checkpoint: Checkpoint | undefined;
  readonly tokenizer: Tokenizer;
  readonly tokenizerFolder: string;
  /** Tokens of a row. */
  readonly length: number;
  known(name: string): StoredTensor | undefined;
}

const DEFAULT_LENGTH = 128;

/**
 * Opens the model to go on from, or describes the one to begin with.
 *
 * @throws InputError when neither or both are named; errors of checkpoint, config and tokenizer.
 */
export async function startingPoint(
  options: PretrainOptions,
  filled: FilledOptions,
  tasks: readonly PretrainingTask[],
): Promise<StartingPoint> {
  const { model, architecture, signal } = options;
  if ((model === undefined) === (architecture === undefined)) {
    const what = model === undefined ? "Nothing says what to train" : "model and architecture are both given";
    throw new InputError(`${what}: pass model to go on from one, or architecture to begin from scratch.`);
  }
  if (architecture === undefined) return fromModel(options, await resolveWhere(model, { signal }));
  return fromScratch(options, architecture, filled, tasks);
}

async function fromModel(options: PretrainOptions, { folder }: { folder: string }): Promise<StartingPoint> {
  const checkpoint = Checkpoint.open(folder);
  const architecture = configure(checkpoint);
  const weights = checkpoint.weights(architecture.names);
  const tokenizerFolder = options.tokenizer ?? folder;
  const tokenizer = await Tokenizer.load(tokenizerFolder);
  const words = architecture.config.vocabularySize;
  if (typeof words === "number" && tokenizer.size > words) {
    throw new ConfigError(
      `The tokenizer has ${tokenizer.size} tokens, the model ${words}. Take the model's tokenizer.`,
    );
  }
  return {
    config: checkpoint.config,
    architecture,
    checkpoint,
    tokenizer,
    tokenizerFolder,
    length: rowLength(options.length, architecture),
    known: (name) => (weights.has(name) ? weights.tensor(name) : undefined),
  };
}

async function fromScratch(
  options: PretrainOptions,
  name: string,
  filled: FilledOptions,
  tasks: readonly PretrainingTask[],
): Promise<StartingPoint> {
  const { tokenizer: tokenizerFolder, layers, hiddenSize, heads, feedForwardSize } = options;
  if (tokenizerFolder === undefined) {
    throw new InputError("A model from scratch needs a tokenizer: pass its folder (cloze train-tokenizer makes one).");
  }
  if (pathKind(tokenizerFolder) !== "folder") throw new InputError(`There is no folder at "${tokenizerFolder}".`);
  const tokenizer = await Tokenizer.load(tokenizerFolder);
  const further = typeof options.config === "string" ? readJsonObject(options.config) : options.config;
  const maxPositions = Math.max(options.length ?? DEFAULT_LENGTH, filled.packing === "joined" ? 0 : 128);
  const shape = { architecture: name, layers, hiddenSize, heads, feedForwardSize, maxPositions, config: further };
  const isPretraining = headOfTasks(tasks) === "pretraining";
  const config = freshConfig(shape, tokenizer, isPretraining ? "ForPreTraining" : "ForMaskedLM");
  const architecture = findArchitecture(config, new Set()).configure(config, new Set());
  const length = rowLength(options.length, architecture);
  return { config, architecture, checkpoint: undefined, tokenizer, tokenizerFolder, length, known: () => undefined };
}

function rowLength(asked: number | undefined, { maxLength }: ConfiguredArchitecture): number {
  const length = asked ?? Math.min(DEFAULT_LENGTH, maxLength);
  if (Number.isInteger(length) && length >= 4 && length <= maxLength) return length;
  throw new InputError(`length is ${length}; expected a whole number from 4 to ${maxLength}, what the model reads.`);
}

/** The file that a run's data hashes name for a folder's weights or tokenizer. */
export function fileOf(folder: string, names: readonly string[]): string | undefined {
  return names.map((name) => joinPath(folder, name)).find((file) => pathKind(file) === "file");
}

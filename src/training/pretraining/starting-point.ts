import { joinPath, listFolder, pathKind } from "#platform";
import { resolveWhere } from "../../checkpoints/default-model.ts";
import { editJson } from "../../checkpoints/json-edit.ts";
import type { JsonObject } from "../../checkpoints/json-files.ts";
import { readJsonObject, readJsonText } from "../../checkpoints/json-files.ts";
import { Checkpoint } from "../../checkpoints/repository.ts";
import type { StoredTensor } from "../../checkpoints/stored-types.ts";
import { ConfigError, InputError } from "../../errors.ts";
import type { ConfiguredArchitecture } from "../../models/architecture.ts";
import { configure } from "../../models/load-model.ts";
import { findArchitecture } from "../../models/registry.ts";
import { Tokenizer } from "../../tokenizers/tokenizer.ts";
import { changeLength } from "./change-length.ts";
import { changeVocabulary } from "./change-vocabulary.ts";
import { freshConfig } from "./fresh-config.ts";
import type { FilledOptions, PretrainOptions } from "./pretrain-options.ts";
import { headOfTasks } from "./pretraining-model.ts";
import type { PretrainingTask } from "./pretraining-tasks.ts";
import { idCount, isSameVocabulary } from "./vocabulary-map.ts";

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
  /** Files beside the weights that say something else by now, by name. */
  readonly texts: { readonly [name: string]: string };
  known(name: string): StoredTensor | undefined;
}

const DEFAULT_LENGTH = 128;
/** Files that have a vocabulary. */
const VOCABULARY = /^(?:tokenizer\.json|vocab\.(?:txt|json)|.*\.model)$/;

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
  if (architecture === undefined) return fromModel(options, await resolveWhere(model, { signal }), filled);
  return fromScratch(options, architecture, filled, tasks);
}

async function fromModel(
  options: PretrainOptions,
  { folder }: { folder: string },
  { seed }: FilledOptions,
): Promise<StartingPoint> {
  const opened = Checkpoint.open(folder);
  const { positionsAfter, maxLength } = configure(opened);
  const tokenizerFolder = options.tokenizer ?? folder;
  const tokenizer = await Tokenizer.load(tokenizerFolder);
  const spelled = tokenizerFolder === folder ? opened : await withTokenizer(opened, tokenizer, options, seed);
  const length = options.length ?? Math.min(DEFAULT_LENGTH, maxLength);
  checkLength(length, Number.POSITIVE_INFINITY);
  const isLonger = length > maxLength;
  const most = Math.max(length, maxLength);
  const now = configure(spelled);
  // Another padding id moves the rows of positions that count from it.
  const isChanged = now.maxLength !== most || now.positionsAfter !== positionsAfter;
  const checkpoint = isChanged ? changeLength(spelled, most, { positionsAfter, seed }) : spelled;
  if (isLonger) options.onNote?.(`The model read ${maxLength} tokens; now it reads ${length}.`);
  const architecture = configure(checkpoint);
  const weights = checkpoint.weights(architecture.names);
  return {
    config: checkpoint.config,
    architecture,
    checkpoint,
    tokenizer,
    tokenizerFolder,
    length,
    texts: isLonger ? raisedLimits([tokenizerFolder, folder], length) : {},
    known: (name) => (weights.has(name) ? weights.tensor(name) : undefined),
  };
}

/** The checkpoint with the words of another tokenizer, where its own has others. */
async function withTokenizer(
  opened: Checkpoint,
  tokenizer: Tokenizer,
  { onNote }: PretrainOptions,
  seed: number,
): Promise<Checkpoint> {
  const words = configure(opened).config.vocabularySize;
  if (!listFolder(opened.folder).some((name) => VOCABULARY.test(name))) {
    if (typeof words === "number" && idCount(tokenizer) > words) {
      throw new ConfigError(
        `The tokenizer has ${idCount(tokenizer)} tokens, the model ${words} and no tokenizer of its own to compare with. Take the model's tokenizer.`,
      );
    }
    onNote?.("The model's folder has no tokenizer; its words are taken to be those of the given one.");
    return opened;
  }
  const from = await Tokenizer.load(opened.folder);
  if (isSameVocabulary(from, tokenizer)) return opened;
  const { checkpoint, map } = changeVocabulary(opened, { from, to: tokenizer }, seed);
  const { copied, averaged, fresh } = map;
  onNote?.(
    `The tokenizer has other words than the model's: of ${map.sources.length} rows ${copied} are copied, ${averaged} begin as the mean of their old pieces, ${fresh} are fresh.`,
  );
  return checkpoint;
}

/** Where folders state fewer tokens than the model reads by now, they say so many. The first folder's file counts. */
function raisedLimits(folders: readonly string[], length: number): { readonly [name: string]: string } {
  const limits = { "tokenizer_config.json": "model_max_length", "sentence_bert_config.json": "max_seq_length" };
  const raised = Object.entries(limits).flatMap(([name, key]) => {
    const file = folders.map((folder) => joinPath(folder, name)).find((path) => pathKind(path) === "file");
    const stated = file === undefined ? undefined : readJsonObject(file)[key];
    if (file === undefined || typeof stated !== "number" || stated >= length) return [];
    return [[name, editJson(readJsonText(file), { [key]: length })]];
  });
  return Object.fromEntries(raised);
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
  const length = options.length ?? Math.min(DEFAULT_LENGTH, architecture.maxLength);
  checkLength(length, architecture.maxLength);
  const begun = { config, architecture, checkpoint: undefined, tokenizer, tokenizerFolder, length };
  return { ...begun, texts: {}, known: () => undefined };
}

function checkLength(length: number, most: number): void {
  if (Number.isInteger(length) && length >= 4 && length <= most) return;
  const range = most === Number.POSITIVE_INFINITY ? "4 or more" : `from 4 to ${most}, what the model reads`;
  throw new InputError(`length is ${length}; expected a whole number ${range}.`);
}

/** The file that a run's data hashes name for a folder's weights or tokenizer. */
export function fileOf(folder: string, names: readonly string[]): string | undefined {
  return names.map((name) => joinPath(folder, name)).find((file) => pathKind(file) === "file");
}

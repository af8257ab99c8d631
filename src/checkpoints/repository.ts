/** A Hugging Face model folder: its configuration, its weights in whatever files they lie, and the files beside them. */
import { baseName, joinPath, listFolder, pathKind } from "#platform";
import { CheckpointError, ConfigError, InputError } from "../errors.ts";
import { CheckpointWeights, type NameScheme } from "./checkpoint-weights.ts";
import { isJsonObject, type JsonObject, parseJson, readJsonText } from "./json-files.ts";
import { type ListedTensor, Safetensors, type SafetensorsOptions } from "./safetensors.ts";
import { checkShard, readShardedIndex } from "./sharded-index.ts";
import type { StoredTensor } from "./stored-types.ts";

/** One file of weights. */
export interface WeightFile {
  /** Its name in the folder. */
  readonly name: string;
  readonly metadata: ReadonlyMap<string, string> | undefined;
  list(): ListedTensor[];
  has(name: string): boolean;
  tensor(name: string): StoredTensor;
}

/** The files that hold weights, in the order in which they are looked for. */
const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";
/** Formats that are not read, with the reason's short form. */
const FOREIGN = /\.(?:bin|pt|pth|ckpt|pkl|h5|npz|msgpack|onnx|gguf|tflite|ot)$/;

/** What a save writes itself; every other file of the folder is copied. */
const WRITTEN = /^(?:config\.json|.*\.safetensors(?:\.index\.json)?|pytorch_model.*)$/;

export class Checkpoint {
  readonly folder: string;
  /** The folder's name, for messages. */
  readonly name: string;
  /** `config.json`, word for word. */
  readonly configText: string;
  readonly config: JsonObject;
  readonly weightFiles: readonly WeightFile[];
  readonly #fileOf = new Map<string, WeightFile>();

  private constructor(folder: string, configText: string, weightFiles: readonly WeightFile[]) {
    this.folder = folder;
    this.name = baseName(folder);
    this.configText = configText;
    this.config = parseConfig(configText);
    this.weightFiles = weightFiles;
    for (const file of weightFiles) for (const { name } of file.list()) this.#fileOf.set(name, file);
  }

  /**
   * Opens a folder: reads `config.json` and the headers of the weight files, no weights yet. Nothing stays open.
   *
   * @throws InputError when there is no such folder; ConfigError when `config.json` is missing or unreadable;
   *   CheckpointError when the weights are missing, damaged or of a format that is not read.
   */
  static open(folder: string, options: SafetensorsOptions = {}): Checkpoint {
    if (pathKind(folder) !== "folder") throw new InputError(`There is no model folder at "${folder}".`);
    const configText = readJsonText(joinPath(folder, "config.json"));
    return new Checkpoint(folder, configText, openWeights(folder, options));
  }

  /** What the weight files hold, in their order, under their own names. */
  list(): ListedTensor[] {
    return this.weightFiles.flatMap((file) => file.list());
  }

  /** A tensor by the name that it has in the files. */
  tensor(name: string): StoredTensor {
    const file = this.#fileOf.get(name);
    if (file === undefined) throw new CheckpointError(`Checkpoint "${this.name}" has no tensor "${name}".`);
    return file.tensor(name);
  }

  /** The tensors under the canonical names of an architecture. */
  weights(scheme: NameScheme): CheckpointWeights {
    return new CheckpointWeights(this, scheme);
  }

  /** Files of the folder that are neither configuration nor weights: tokenizer, pooling, model card. */
  otherFiles(): string[] {
    return listFolder(this.folder).filter(
      (name) => !WRITTEN.test(name) && !FOREIGN.test(name) && !name.startsWith("."),
    );
  }
}

function parseConfig(text: string): JsonObject {
  const json = parseJson(text, "config.json");
  if (!isJsonObject(json)) throw new ConfigError("config.json holds no object.");
  return json;
}

function openWeights(folder: string, options: SafetensorsOptions): WeightFile[] {
  const names = listFolder(folder);
  if (names.includes(SINGLE)) return [openSafetensors(folder, SINGLE, options)];
  if (names.includes(INDEX)) return openShards(folder, options);
  const others = names.filter((name) => name.endsWith(".safetensors") && !name.startsWith("adapter_"));
  if (others.length === 1) return [openSafetensors(folder, others[0]!, options)];
  if (others.length > 1) {
    throw new CheckpointError(`"${folder}" has no ${SINGLE} but several others: ${others.join(", ")}. Keep one.`);
  }
  return refuseForeign(folder, names);
}

function openSafetensors(folder: string, name: string, options: SafetensorsOptions): WeightFile {
  return Object.assign(Safetensors.open(joinPath(folder, name), options), { name });
}

function openShards(folder: string, options: SafetensorsOptions): WeightFile[] {
  return readShardedIndex(folder, INDEX).map((shard) => {
    const file = Object.assign(Safetensors.open(shard.file, options), { name: shard.name });
    checkShard(shard, file.list(), INDEX);
    return file;
  });
}

function refuseForeign(folder: string, names: readonly string[]): never {
  const foreign = names.find((name) => FOREIGN.test(name));
  if (foreign === undefined) {
    throw new CheckpointError(`"${folder}" has no weights: expected ${SINGLE}, ${INDEX} or pytorch_model.bin.`);
  }
  throw new CheckpointError(
    `"${folder}" has its weights in "${foreign}", which is not read. Convert it in Python: AutoModel.from_pretrained(folder).save_pretrained(folder).`,
  );
}

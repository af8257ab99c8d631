/** A Hugging Face model folder: its configuration, its weights in whatever files they lie, and the files beside them. */
import { baseName, joinPath, listFolder, pathKind, realPath } from "#platform";
import { CheckpointError, ConfigError, InputError } from "../errors.ts";
import { AdaptedWeights, baseFolderOf, isAdapterFolder } from "./adapter.ts";
import { ChangedWeights } from "./changed-weights.ts";
import { CheckpointWeights, type NameScheme } from "./checkpoint-weights.ts";
import { editJson } from "./json-edit.ts";
import { isJsonObject, type JsonObject, parseJson, readJsonText } from "./json-files.ts";
import { PytorchBin } from "./pytorch-bin.ts";
import { type ListedTensor, Safetensors, type SafetensorsOptions } from "./safetensors.ts";
import { saveRepository, type WeightFileContent } from "./save-repository.ts";
import { checkShard, readShardedIndex } from "./sharded-index.ts";
import { type StoredTensor, toFloat32 } from "./stored-types.ts";

/** One file of weights. */
export interface WeightFile {
  /** Its name in the folder. */
  readonly name: string;
  readonly metadata: ReadonlyMap<string, string> | undefined;
  list(): ListedTensor[];
  has(name: string): boolean;
  tensor(name: string): StoredTensor;
}

/** What stands after the name of a tensor of I8 in the name of its scales. */
export const SCALE = "_scale";
/** The key of `config.json` that says how weights were quantized, and what it says of those that Cloze wrote. */
export const QUANTIZATION = "quantization_config";
export const QUANTIZATION_METHOD = "cloze";

const SAFETENSORS_INDEX = "model.safetensors.index.json";
const PYTORCH_INDEX = "pytorch_model.bin.index.json";

/** Formats that hold weights and are not read. `.bin` is read under its usual name only. */
const FOREIGN = /\.(?:bin|pt|pth|ckpt|pkl|h5|npz|msgpack|onnx|gguf|tflite|ot)$/;

/** What a save writes itself, and exports of the same weights to other formats. Every other file is copied. */
const WRITTEN = /^(?:config\.json|.*\.safetensors|.*\.index\.json|\..*|onnx|openvino)$/;

/** A model's folder: its configuration, its weights and the files beside them. */
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
   * Opens a folder: reads `config.json` and the headers of the weight files, no weights yet. Nothing stays open. A folder
   * of PEFT's with an adapter of LoRA opens as its base model with the adapter added.
   *
   * @throws InputError when there is no such folder; ConfigError when `config.json` is missing or unreadable;
   *   CheckpointError when the weights are missing, damaged or of a format that is not read.
   */
  static open(folder: string, options: SafetensorsOptions = {}): Checkpoint {
    if (pathKind(folder) !== "folder") throw new InputError(`There is no model folder at "${folder}".`);
    if (isAdapterFolder(folder)) return Checkpoint.#openAdapted(folder, options);
    const configText = readJsonText(joinPath(folder, "config.json"));
    return new Checkpoint(folder, configText, openWeights(folder, options));
  }

  /** The adapter's own `config.json` where it has one, since labels and heads are the tuned model's. */
  static #openAdapted(folder: string, options: SafetensorsOptions): Checkpoint {
    const base = Checkpoint.open(baseFolderOf(folder), options);
    const own = joinPath(folder, "config.json");
    const configText = pathKind(own) === "file" ? readJsonText(own) : base.configText;
    return new Checkpoint(folder, configText, [new AdaptedWeights(folder, base)]);
  }

  /**
   * The same folder with other keys in `config.json` and other tensors in place of those of their names.
   *
   * @param tensors under the names that they have in the files.
   */
  with(config: JsonObject, tensors: Iterable<StoredTensor>): Checkpoint {
    const changed = new Map([...tensors].map((tensor) => [tensor.name, tensor]));
    const files = this.weightFiles.map((file) => new ChangedWeights(file, changed));
    return new Checkpoint(this.folder, editJson(this.configText, config), files);
  }

  /** What the weight files hold, in their order, under their own names; scales belong to their tensors. */
  list(): ListedTensor[] {
    return this.weightFiles.flatMap((file) => file.list()).filter(({ name }) => !this.#isScale(name));
  }

  /** A tensor by the name that it has in the files, with its scales where it was quantized. */
  tensor(name: string): StoredTensor {
    const tensor = this.#stored(name);
    if (tensor.type !== "I8" || !this.#fileOf.has(name + SCALE)) return tensor;
    const scale = this.#stored(name + SCALE);
    if (scale.type !== "F32" || scale.shape.join() !== `${tensor.shape[0]}`) {
      const found = `${scale.type} [${scale.shape}]`;
      throw new CheckpointError(`"${name}${SCALE}" is ${found}; expected F32 [${tensor.shape[0]}], one a row.`);
    }
    return { ...tensor, scales: () => toFloat32("F32", scale.read()) };
  }

  /** The dtype that `config.json` says the weights were quantized to, by `quantize`; undefined for other checkpoints. */
  get quantizedTo(): "bf16" | "int8" | undefined {
    const stated = this.config[QUANTIZATION];
    if (!isJsonObject(stated) || stated.quant_method !== QUANTIZATION_METHOD) return undefined;
    const { dtype } = stated;
    if (dtype === "bf16" || dtype === "int8") return dtype;
    throw new ConfigError(`config.json: ${QUANTIZATION}.dtype is ${JSON.stringify(dtype)}; expected "bf16" or "int8".`);
  }

  #isScale(name: string): boolean {
    if (!name.endsWith(SCALE)) return false;
    const base = name.slice(0, -SCALE.length);
    return this.#fileOf.has(base) && this.#stored(base).type === "I8";
  }

  #stored(name: string): StoredTensor {
    const file = this.#fileOf.get(name);
    if (file === undefined) throw new CheckpointError(`Checkpoint "${this.name}" has no tensor "${name}".`);
    return file.tensor(name);
  }

  /** The tensors under the canonical names of an architecture. */
  weights(scheme: NameScheme): CheckpointWeights {
    return new CheckpointWeights(this, scheme);
  }

  /** Files and folders that are neither configuration nor weights: tokenizer, pooling, model card. */
  otherFiles(): string[] {
    return listFolder(this.folder).filter((name) => !WRITTEN.test(name) && !FOREIGN.test(name));
  }

  /**
   * Writes the checkpoint to a folder, with its tokenizer and all else that belongs to it; the weights as safetensors, in
   * as many files as they were. What is not changed is written byte for byte as it was read.
   *
   * @param options.tensors all tensors to write, as `CheckpointWeights.inFileForm` returns them. Default: those opened.
   * @param options.config keys of `config.json` to change or add. Default: none.
   * @param options.texts, options.copies files that stand in for the opened ones of their names. Default: none.
   */
  save(folder: string, options: SaveOptions = {}): void {
    const tensors = [...(options.tensors ?? this.list().map(({ name }) => this.tensor(name)))];
    const files = this.#distribute(tensors);
    const isSame = files.every(({ order }) => order === "given");
    const isInPlace = pathKind(folder) === "folder" && realPath(folder) === realPath(this.folder);
    const index = joinPath(this.folder, SAFETENSORS_INDEX);
    const { config = {}, texts = {}, copies = [], omits } = options;
    const replaced = new Set([...Object.keys(texts), ...copies.map(({ name }) => name)]);
    const kept = isInPlace ? [] : this.otherFiles().filter((name) => !replaced.has(name) && !omits?.test(name));
    saveRepository(folder, {
      configText: editJson(this.configText, config),
      weightFiles: files,
      texts,
      indexText: isSame && this.weightFiles.length > 1 && pathKind(index) === "file" ? readJsonText(index) : undefined,
      copies: [...kept.map((name) => ({ from: joinPath(this.folder, name), name })), ...copies],
    });
  }

  /** Tensors go to the files that held them, new ones to the last; a file whose tensors are the same keeps their order. */
  #distribute(tensors: readonly StoredTensor[]): WeightFileContent[] {
    const last = this.weightFiles.at(-1);
    return this.weightFiles.map((file) => {
      const own = tensors.filter(({ name }) => (this.#fileOf.get(name) ?? last) === file);
      const isSame = own.map(signature).join() === file.list().map(signature).join();
      const metadata = file instanceof Safetensors ? (file.metadata ?? new Map()) : undefined;
      return { name: safetensorsName(file.name), tensors: own, metadata, order: isSame ? "given" : "reference" };
    });
  }
}

/** What a saved checkpoint has that the opened one had not. */
export interface SaveOptions {
  readonly tensors?: Iterable<StoredTensor> | undefined;
  readonly config?: JsonObject | undefined;
  /** Files of other content than the opened ones, such as a model card, by name. */
  readonly texts?: { readonly [name: string]: string } | undefined;
  /** Files from elsewhere, such as another tokenizer's: their path, and their name in the folder. */
  readonly copies?: readonly { readonly from: string; readonly name: string }[] | undefined;
  /** Opened files that are left behind, such as those of a tokenizer that another one stands in for. Default: none. */
  readonly omits?: RegExp | undefined;
}

function signature({ name, type }: ListedTensor): string {
  return `${type} ${name}`;
}

/** What a file of weights is called once it is in safetensors format. */
function safetensorsName(name: string): string {
  return name.replace(/^pytorch_model(.*)\.bin$/, "model$1.safetensors");
}

function parseConfig(text: string): JsonObject {
  const json = parseJson(text, "config.json");
  if (!isJsonObject(json)) throw new ConfigError("config.json holds no object.");
  return json;
}

/** In the reference's order: safetensors before pickles, one file before several. */
function openWeights(folder: string, options: SafetensorsOptions): WeightFile[] {
  const names = listFolder(folder);
  const openSafetensors = (file: string) => Safetensors.open(file, options);
  if (names.includes("model.safetensors")) return [openNamed(folder, "model.safetensors", openSafetensors)];
  if (names.includes(SAFETENSORS_INDEX)) return openShards(folder, SAFETENSORS_INDEX, openSafetensors);
  const other = findOther(folder, names);
  if (other !== undefined) return [openNamed(folder, other, openSafetensors)];
  if (names.includes("pytorch_model.bin")) return [openNamed(folder, "pytorch_model.bin", PytorchBin.open)];
  if (names.includes(PYTORCH_INDEX)) return openShards(folder, PYTORCH_INDEX, PytorchBin.open);
  return refuseForeign(folder, names);
}

/** The one safetensors file of another name, such as `model.fp16.safetensors`; adapters are no models. */
function findOther(folder: string, names: readonly string[]): string | undefined {
  const others = names.filter((name) => name.endsWith(".safetensors") && !name.startsWith("adapter_"));
  if (others.length > 1 && !names.includes("pytorch_model.bin")) {
    throw new CheckpointError(
      `"${folder}" has no model.safetensors but several others: ${others.join(", ")}. Keep one.`,
    );
  }
  return others.length === 1 ? others[0] : undefined;
}

type Opener = (file: string) => Omit<WeightFile, "name">;

function openNamed(folder: string, name: string, open: Opener): WeightFile {
  return Object.assign(open(joinPath(folder, name)), { name });
}

function openShards(folder: string, indexName: string, open: Opener): WeightFile[] {
  return readShardedIndex(folder, indexName).map((shard) => {
    const file = Object.assign(open(shard.file), { name: shard.name });
    checkShard(shard, file.list(), indexName);
    return file;
  });
}

function refuseForeign(folder: string, names: readonly string[]): never {
  const foreign = names.find((name) => FOREIGN.test(name));
  if (foreign === undefined) {
    throw new CheckpointError(`"${folder}" has no weights: expected model.safetensors or pytorch_model.bin.`);
  }
  throw new CheckpointError(
    `"${folder}" has its weights in "${foreign}", which is not read. Convert it in Python: AutoModel.from_pretrained(folder).save_pretrained(folder).`,
  );
}

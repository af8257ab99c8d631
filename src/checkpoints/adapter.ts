/**
 * Adapters of LoRA as PEFT writes them: `adapter_config.json`, `adapter_model.safetensors` and, elsewhere, the base model.
 * Source: huggingface/peft, src/peft/tuners/lora/config.py and src/peft/utils/save_and_load.py.
 */
import { joinPath, pathKind } from "#platform";
import { CheckpointError, ConfigError, InputError } from "../errors.ts";
import { type JsonObject, readJsonObject } from "./json-files.ts";
import { mergeLowRank } from "./low-rank.ts";
import { type ListedTensor, Safetensors } from "./safetensors.ts";
import { type StoredTensor, tensorValues } from "./stored-types.ts";

export const ADAPTER_CONFIG = "adapter_config.json";
export const ADAPTER_WEIGHTS = "adapter_model.safetensors";
/** What stands before every tensor's name. */
export const ADAPTER_PREFIX = "base_model.model.";

/** Settings that change the result in ways that are not computed here, unless they are false, null or empty. */
const UNSUPPORTED = ["rank_pattern", "alpha_pattern", "use_dora", "fan_in_fan_out"];

/** The base model's tensors. */
interface Base {
  readonly name: string;
  list(): readonly ListedTensor[];
  tensor(name: string): StoredTensor;
}

/** Whether a folder holds an adapter and no model of its own. */
export function isAdapterFolder(folder: string): boolean {
  const has = (name: string) => pathKind(joinPath(folder, name)) === "file";
  return has(ADAPTER_CONFIG) && has(ADAPTER_WEIGHTS) && !has("model.safetensors");
}

/**
 * The folder of the model that an adapter belongs to: as its configuration names it, from the working directory or from the
 * adapter's folder.
 *
 * @throws InputError when it is not there.
 */
export function baseFolderOf(folder: string): string {
  const { base_model_name_or_path: base } = readJsonObject(joinPath(folder, ADAPTER_CONFIG));
  if (typeof base !== "string") throw new ConfigError(`${ADAPTER_CONFIG} names no base_model_name_or_path.`);
  const found = [base, joinPath(folder, base)].find((place) => pathKind(place) === "folder");
  if (found !== undefined) return found;
  throw new InputError(
    `"${folder}" is an adapter of the model "${base}", which is no folder here. Pull it, and write its folder into base_model_name_or_path of ${ADAPTER_CONFIG}.`,
  );
}

/** A base model's tensors with an adapter added to them: low-rank products to weights, whole tensors in place of others. */
export class AdaptedWeights {
  readonly name = "model.safetensors";
  readonly metadata = new Map([["format", "pt"]]);
  readonly #base: Base;
  readonly #inBase: ReadonlySet<string>;
  readonly #file: Safetensors;
  readonly #scale: number;
  /** By the base's names: the module's name in the adapter, or the tensor's that stands in. */
  readonly #products = new Map<string, string>();
  readonly #whole = new Map<string, string>();

  /** @throws ConfigError for settings that are not supported; CheckpointError when the adapter does not fit the base. */
  constructor(folder: string, base: Base) {
    this.#base = base;
    this.#file = Safetensors.open(joinPath(folder, ADAPTER_WEIGHTS));
    this.#scale = scaleOf(readJsonObject(joinPath(folder, ADAPTER_CONFIG)));
    this.#inBase = new Set(base.list().map(({ name }) => name));
    const names = new BaseNames(this.#inBase);
    for (const { name } of this.#file.list()) {
      const inner = name.startsWith(ADAPTER_PREFIX) ? name.slice(ADAPTER_PREFIX.length) : name;
      const product = /^(.*)\.lora_A\.weight$/.exec(inner);
      if (product !== null) this.#addProduct(names, product[1]!, name);
      else if (/\.lora_/.test(inner) && !inner.endsWith(".lora_B.weight")) {
        throw new CheckpointError(`${ADAPTER_WEIGHTS}: "${name}" is of a kind of adapter that is not read.`);
      }
    }
    for (const { name } of this.#file.list()) {
      if (/\.lora_/.test(name)) continue;
      const inner = name.slice(name.startsWith(ADAPTER_PREFIX) ? ADAPTER_PREFIX.length : 0);
      this.#whole.set(names.find(inner) ?? names.added(inner), name);
    }
  }

  list(): ListedTensor[] {
    const whole = [...this.#whole].map(([name, stored]) => ({ ...this.#file.tensor(stored), name }));
    const kept = this.#base.list().filter(({ name }) => !this.#whole.has(name));
    const typed = kept.map((tensor) => (this.#products.has(tensor.name) ? { ...tensor, type: "F32" } : tensor));
    return [...typed, ...whole.map(({ name, type, shape }) => ({ name, type, shape }))];
  }

  has(name: string): boolean {
    return this.#whole.has(name) || this.#inBase.has(name);
  }

  tensor(name: string): StoredTensor {
    const whole = this.#whole.get(name);
    if (whole !== undefined) return { ...this.#file.tensor(whole), name };
    const weight = this.#base.tensor(name);
    const product = this.#products.get(name);
    if (product === undefined) return weight;
    const [down, up] = ["A", "B"].map((side) => this.#file.tensor(`${product}.lora_${side}.weight`));
    return mergeLowRank(weight, { down: tensorValues(down!), up: tensorValues(up!), scale: this.#scale });
  }

  #addProduct(names: BaseNames, module: string, stored: string): void {
    const weight = names.find(`${module}.weight`);
    if (weight === undefined) {
      throw new CheckpointError(`${ADAPTER_WEIGHTS}: the base model "${this.#base.name}" has no "${module}.weight".`);
    }
    const [rows, columns] = this.#base.tensor(weight).shape;
    const own = stored.slice(0, -".lora_A.weight".length);
    const [down, up] = [this.#file.tensor(stored).shape, this.#file.tensor(`${own}.lora_B.weight`).shape];
    if (down[1] !== columns || up[0] !== rows || down[0] !== up[1]) {
      throw new CheckpointError(
        `${ADAPTER_WEIGHTS}: the adapter of "${module}" is [${down}] and [${up}], which does not fit [${rows},${columns}].`,
      );
    }
    this.#products.set(weight, own);
  }
}

/** The base's own spelling of names that may have the architecture's prefix, or lack it. */
class BaseNames {
  readonly #names: ReadonlySet<string>;
  /** What an adapter's names have before the base's. */
  #prefix = "";

  constructor(names: ReadonlySet<string>) {
    this.#names = names;
  }

  find(name: string): string | undefined {
    if (this.#names.has(name)) return name;
    const dot = name.indexOf(".") + 1;
    if (this.#names.has(name.slice(dot))) {
      this.#prefix = name.slice(0, dot);
      return name.slice(dot);
    }
    return [...this.#names].find((known) => known.slice(known.indexOf(".") + 1) === name);
  }

  /** How a tensor is called that the base does not have. */
  added(name: string): string {
    return this.#prefix !== "" && name.startsWith(this.#prefix) ? name.slice(this.#prefix.length) : name;
  }
}

/** @throws ConfigError for what would have to be computed in another way. */
function scaleOf(config: JsonObject): number {
  if (config.peft_type !== "LORA") {
    throw new ConfigError(`${ADAPTER_CONFIG}: peft_type is ${JSON.stringify(config.peft_type)}; expected "LORA".`);
  }
  for (const key of UNSUPPORTED) {
    const value = config[key] ?? false;
    const isSet = typeof value === "object" ? Object.keys(value as JsonObject).length > 0 : value !== false;
    if (isSet) throw new ConfigError(`${ADAPTER_CONFIG}: ${key} is ${JSON.stringify(value)}, which is not supported.`);
  }
  const { r, lora_alpha: alpha, use_rslora: isStable } = config;
  if (typeof r !== "number" || typeof alpha !== "number") {
    throw new ConfigError(`${ADAPTER_CONFIG}: r and lora_alpha must be numbers.`);
  }
  return alpha / (isStable === true ? Math.sqrt(r) : r);
}

/** What Sentence Transformers puts after an encoder: the modules of `modules.json`, each with a configuration of its own. */
import { joinPath } from "#platform";
import { ConfigError } from "../errors.ts";
import { choice, flag, named, oneOrMore, only, optional, size } from "./config-fields.ts";
import { defineConfig } from "./config-reader.ts";
import { containedPath } from "./contained-path.ts";
import { isJsonObject, type JsonObject, nameOf, readJson, readJsonIfThere, readJsonObject } from "./json-files.ts";

/** How a Pooling module makes one vector of a text's tokens. */
export type PoolingMode = "cls" | "max" | "mean" | "mean_sqrt_len_tokens" | "weightedmean" | "lasttoken";

/** Several modes are concatenated in this order. */
const POOLING_MODES: readonly PoolingMode[] = [
  "cls",
  "max",
  "mean",
  "mean_sqrt_len_tokens",
  "weightedmean",
  "lasttoken",
];

/** The function that a Dense module ends with. */
export type ModuleActivation = "none" | "tanh" | "relu" | "gelu" | "sigmoid" | "silu";

/** One step after the encoder. `folder` opens as a `Checkpoint`, with `linear.weight` and the like or `norm.weight`. */
export type SentenceModule =
  | {
      readonly kind: "pooling";
      readonly modes: readonly PoolingMode[];
      /** Width of the token vectors; the pooled vector is that times the number of modes. */
      readonly dimension: number;
      /** False: the prompt's tokens are left out of the mean. */
      readonly includePrompt: boolean;
    }
  | {
      readonly kind: "dense";
      readonly inputSize: number;
      readonly outputSize: number;
      readonly hasBias: boolean;
      readonly activation: ModuleActivation;
      readonly hasResidual: boolean;
      readonly folder: string;
    }
  | { readonly kind: "layer-norm"; readonly dimension: number; readonly folder: string }
  | { readonly kind: "normalize" };

/** Activations by the classes that files name. */
export const MODULE_ACTIVATIONS: { readonly [path: string]: ModuleActivation } = {
  "torch.nn.modules.linear.Identity": "none",
  "torch.nn.modules.activation.Tanh": "tanh",
  "torch.nn.modules.activation.ReLU": "relu",
  "torch.nn.modules.activation.GELU": "gelu",
  "torch.nn.modules.activation.Sigmoid": "sigmoid",
  "torch.nn.modules.activation.SiLU": "silu",
};

/** Up to release 5 a boolean for each mode, since then one mode or a list of them. */
const poolingConfig = defineConfig({
  dimension: size(["embedding_dimension", "word_embedding_dimension"]),
  modes: optional(oneOrMore("pooling_mode", (key) => choice(key, POOLING_MODES))),
  includePrompt: flag("include_prompt", true),
  cls: flag("pooling_mode_cls_token", false),
  max: flag("pooling_mode_max_tokens", false),
  mean: flag("pooling_mode_mean_tokens", false),
  mean_sqrt_len_tokens: flag("pooling_mode_mean_sqrt_len_tokens", false),
  weightedmean: flag("pooling_mode_weightedmean_tokens", false),
  lasttoken: flag("pooling_mode_lasttoken", false),
});

/** Other feature names are those of multi-vector models, which are not read. */
const onlySentences = {
  input: only("module_input_name", "sentence_embedding"),
  output: only("module_output_name", "sentence_embedding"),
};

const denseConfig = defineConfig({
  inputSize: size("in_features"),
  outputSize: size("out_features"),
  hasBias: flag("bias", true),
  activation: named("activation_function", MODULE_ACTIVATIONS, "tanh"),
  hasResidual: flag("use_residual", false),
  ...onlySentences,
});

const normalizeConfig = defineConfig(onlySentences);
const layerNormConfig = defineConfig({ dimension: size("dimension") });

const sparsePoolingConfig = defineConfig({
  strategy: choice("pooling_strategy", ["max", "sum"], "max"),
  activation: choice("activation_function", ["relu", "log1p_relu"], "relu"),
});

/** SPLADE's pooling: log(1 + activation(logit)) of every word, over all tokens of a text. */
export interface SparsePooling {
  readonly strategy: "max" | "sum";
  /** `log1p_relu` takes the logarithm once more. */
  readonly activation: "relu" | "log1p_relu";
}

/** A line of `modules.json`. */
export interface ModuleEntry {
  /** The last part of the class's path: releases moved the classes about, the names stayed. */
  readonly type: string;
  readonly path: string;
}

/** The modules of `modules.json` in their order, the encoder first. */
export function readModuleEntries(file: string): ModuleEntry[] {
  const entries = readJson(file);
  if (!Array.isArray(entries))
    throw new ConfigError(`modules.json holds ${nameOf(entries)}; expected a list of modules.`);
  return entries.map((entry) => {
    const { type, path } = isJsonObject(entry) ? entry : {};
    if (typeof type !== "string" || typeof path !== "string") {
      throw new ConfigError("modules.json: every module needs a type and a path.");
    }
    // A class of the repository's own would be code to run, whatever its name.
    if (!type.startsWith("sentence_transformers.")) throw unknownModule(type);
    return { type: type.split(".").at(-1)!, path };
  });
}

/** Reads a module after the encoder; undefined when it acts in training only. */
export function readModule(folder: string, { type, path }: ModuleEntry): SentenceModule | undefined {
  const moduleFolder = containedPath(folder, path, "modules.json");
  const file = path === "" ? "config.json" : `${path}/config.json`;
  const json = () => readJsonObject(joinPath(moduleFolder, "config.json"));
  switch (type) {
    case "Pooling":
      return readPooling(json(), file);
    case "Dense": {
      const { input: _input, output: _output, ...dense } = denseConfig.read(json(), file);
      return { kind: "dense", ...dense, folder: moduleFolder };
    }
    case "LayerNorm":
      return { kind: "layer-norm", dimension: layerNormConfig.read(json(), file).dimension, folder: moduleFolder };
    case "Normalize":
      normalizeConfig.read(readJsonIfThere(joinPath(moduleFolder, "config.json")), file);
      return { kind: "normalize" };
    case "Dropout": // acts in training only
      return undefined;
    default:
      throw unknownModule(type);
  }
}

/** The one module after the encoder of a sparse embedder. */
export function readSparsePooling(folder: string, modules: readonly ModuleEntry[]): SparsePooling {
  const [pooling, ...others] = modules;
  if (pooling?.type !== "SpladePooling" || others.length > 0) {
    const types = modules.map(({ type }) => type).join(", ") || "nothing";
    throw new ConfigError(
      `modules.json: after the encoder of a sparse embedder stands ${types}; expected SpladePooling.`,
    );
  }
  const json = readJsonObject(joinPath(containedPath(folder, pooling.path, "modules.json"), "config.json"));
  return sparsePoolingConfig.read(json, `${pooling.path}/config.json`);
}

function unknownModule(type: string): ConfigError {
  return new ConfigError(
    `modules.json: module type "${type}" is not known; known: Transformer, Pooling, Dense, LayerNorm, Normalize, Dropout.`,
  );
}

function readPooling(json: JsonObject, file: string): SentenceModule {
  const values = poolingConfig.read(json, file);
  const modes = values.modes ?? POOLING_MODES.filter((name) => values[name]);
  const { dimension, includePrompt } = values;
  // No mode at all reads as the mean, as in the reference.
  return { kind: "pooling", modes: modes.length === 0 ? ["mean"] : modes, dimension, includePrompt };
}

/** One pooling, directly after the encoder: an embedder needs it, a cross-encoder has none. */
export function checkModules(modules: readonly SentenceModule[], isCross: boolean): void {
  if (isCross && modules.length > 0) {
    throw new ConfigError(`modules.json: a cross-encoder has no "${modules[0]!.kind}" module after its head.`);
  }
  if (!isCross && (modules[0]?.kind !== "pooling" || modules.slice(1).some(({ kind }) => kind === "pooling"))) {
    throw new ConfigError("modules.json: expected one Pooling, directly after the Transformer.");
  }
}

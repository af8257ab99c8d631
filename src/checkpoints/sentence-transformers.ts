/**
 * The Sentence Transformers layout: `modules.json` and the configurations of its modules, in all their generations. What a
 * checkpoint states about pooling, prompts, length and scores is read here, so that nothing is copied from model cards.
 * Layout: sentence_transformers/base/model.py and its modules, release 6.
 */
import { joinPath, pathKind } from "#platform";
import { ConfigError } from "../errors.ts";
import { choice, flag, named, number, oneOrMore, only, optional, size, text } from "./config-fields.ts";
import { defineConfig } from "./config-reader.ts";
import { containedPath } from "./contained-path.ts";
import { isJsonObject, type JsonObject, nameOf, readJson, readJsonObject } from "./json-files.ts";

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

export type ModuleActivation = "none" | "tanh" | "relu" | "gelu" | "sigmoid" | "silu";

/** One step after the encoder. `folder` holds its weights. */
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

export type Similarity = "cosine" | "dot" | "euclidean" | "manhattan";

export interface SentenceLayout {
  /** A cross-encoder scores pairs with its classification head and has no modules after the encoder. */
  readonly kind: "embedder" | "cross-encoder";
  /** The folder of the encoder's own config.json and weights. */
  readonly encoderFolder: string;
  readonly modules: readonly SentenceModule[];
  /** By name; a text put before every text of its kind. */
  readonly prompts: ReadonlyMap<string, string>;
  readonly defaultPrompt: string | undefined;
  readonly similarity: Similarity;
  /** Tokens that a text may have, special ones included; undefined where no file says. Positions may bound it further. */
  readonly maxLength: number | undefined;
  /** Lower-cases texts before the tokenizer sees them. */
  readonly lowercase: boolean;
  /** Cross-encoders: what turns logits into scores; undefined: sigmoid for one label, none for several. */
  readonly scoreActivation: ModuleActivation | undefined;
}

const ACTIVATIONS: { readonly [path: string]: ModuleActivation } = {
  "torch.nn.modules.linear.Identity": "none",
  "torch.nn.modules.activation.Tanh": "tanh",
  "torch.nn.modules.activation.ReLU": "relu",
  "torch.nn.modules.activation.GELU": "gelu",
  "torch.nn.modules.activation.Sigmoid": "sigmoid",
  "torch.nn.modules.activation.SiLU": "silu",
};

/** Configurations of the encoder module, by the names of several releases. */
const ENCODER_FILES = ["bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"].map(
  (name) => `sentence_${name}_config.json`,
);

const encoderConfig = defineConfig({
  maxLength: optional(size("max_seq_length")),
  lowercase: flag("do_lower_case", false),
  task: choice("transformer_task", ["feature-extraction", "sequence-classification"], "feature-extraction"),
});

const tokenizerConfig = defineConfig({
  /** Often 1e30, "very large", where the tokenizer knows no limit. */
  maxLength: optional(number("model_max_length")),
});

const modelConfig = defineConfig({
  kind: named("model_type", { SentenceTransformer: "embedder", CrossEncoder: "cross-encoder" }, "embedder"),
  similarity: choice("similarity_fn_name", ["cosine", "dot", "euclidean", "manhattan"], "cosine"),
  defaultPrompt: optional(text("default_prompt_name")),
  scoreActivation: optional(named("activation_fn", ACTIVATIONS)),
});

/** Cross-encoders of releases 2 to 5 keep it in the encoder's own config.json. */
const crossEncoderConfig = defineConfig({
  scoreActivation: optional(
    named(["sentence_transformers.activation_fn", "sbert_ce_default_activation_function"], ACTIVATIONS),
  ),
});

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
  activation: named("activation_function", ACTIVATIONS, "tanh"),
  hasResidual: flag("use_residual", false),
  ...onlySentences,
});

const normalizeConfig = defineConfig(onlySentences);
const layerNormConfig = defineConfig({ dimension: size("dimension") });

/**
 * Reads the layout of a folder.
 *
 * @returns undefined when the folder has none: a plain Hugging Face checkpoint.
 * @throws ConfigError naming the file and the key, or a type of module that is not known.
 */
export function readSentenceLayout(folder: string): SentenceLayout | undefined {
  const modulesFile = joinPath(folder, "modules.json");
  if (pathKind(modulesFile) === "missing") return readCrossEncoder(folder);
  const [encoder, ...others] = readModules(modulesFile);
  if (encoder?.type !== "Transformer") {
    throw new ConfigError(`modules.json begins with "${encoder?.type ?? "nothing"}"; expected "Transformer".`);
  }
  const encoderFolder = containedPath(folder, encoder.path, "modules.json");
  const encoderValues = encoderConfig.read(readEncoderConfig(encoderFolder), "sentence_bert_config.json");
  const general = readOptional(joinPath(folder, "config_sentence_transformers.json"));
  const { kind, similarity, defaultPrompt, scoreActivation } = modelConfig.read(
    general,
    "config_sentence_transformers.json",
  );
  const modules = others.map((entry) => readModule(folder, entry)).filter((module) => module !== undefined);
  const isCross = kind === "cross-encoder" || encoderValues.task === "sequence-classification";
  checkModules(modules, isCross);
  return {
    kind: isCross ? "cross-encoder" : "embedder",
    encoderFolder,
    modules,
    ...readPrompts(general, defaultPrompt),
    similarity,
    maxLength: encoderValues.maxLength ?? tokenizerLimit(encoderFolder),
    lowercase: encoderValues.lowercase,
    scoreActivation: scoreActivation ?? readOldScoreActivation(encoderFolder),
  };
}

/** A cross-encoder of an older release: a plain checkpoint whose config.json names the activation of its scores. */
function readCrossEncoder(folder: string): SentenceLayout | undefined {
  const scoreActivation = readOldScoreActivation(folder);
  if (scoreActivation === undefined) return undefined;
  return {
    kind: "cross-encoder",
    encoderFolder: folder,
    modules: [],
    prompts: new Map(),
    defaultPrompt: undefined,
    similarity: "cosine",
    maxLength: tokenizerLimit(folder),
    lowercase: false,
    scoreActivation,
  };
}

function readOldScoreActivation(folder: string): ModuleActivation | undefined {
  return crossEncoderConfig.read(readOptional(joinPath(folder, "config.json"))).scoreActivation;
}

/** The most tokens that `tokenizer_config.json` allows, or undefined where it says nothing or "very many". */
export function tokenizerLimit(folder: string): number | undefined {
  const { maxLength } = tokenizerConfig.read(
    readOptional(joinPath(folder, "tokenizer_config.json")),
    "tokenizer_config.json",
  );
  return maxLength !== undefined && maxLength >= 1 && maxLength < 1e9 ? Math.floor(maxLength) : undefined;
}

interface ModuleEntry {
  /** The last part of the class's path: releases moved the classes about, the names stayed. */
  readonly type: string;
  readonly path: string;
}

function readModules(file: string): ModuleEntry[] {
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

function readModule(folder: string, { type, path }: ModuleEntry): SentenceModule | undefined {
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
      normalizeConfig.read(readOptional(joinPath(moduleFolder, "config.json")), file);
      return { kind: "normalize" };
    case "Dropout": // acts in training only
      return undefined;
    default:
      throw unknownModule(type);
  }
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

/** One pooling at most after the encoder, and something for an embedder to pool with. */
function checkModules(modules: readonly SentenceModule[], isCross: boolean): void {
  if (isCross && modules.length > 0) {
    throw new ConfigError(`modules.json: a cross-encoder has no "${modules[0]!.kind}" module after its head.`);
  }
  if (!isCross && (modules[0]?.kind !== "pooling" || modules.slice(1).some(({ kind }) => kind === "pooling"))) {
    throw new ConfigError("modules.json: expected one Pooling, directly after the Transformer.");
  }
}

function readPrompts(json: JsonObject, defaultPrompt: string | undefined) {
  const { prompts = {} } = json;
  const file = "config_sentence_transformers.json";
  if (!isJsonObject(prompts ?? {}))
    throw new ConfigError(`${file}: prompts is ${nameOf(prompts)}; expected an object.`);
  const texts = new Map<string, string>();
  for (const [name, prompt] of Object.entries(prompts ?? {})) {
    if (prompt !== null && typeof prompt !== "string") {
      throw new ConfigError(`${file}: prompt "${name}" is ${nameOf(prompt)}; expected a string.`);
    }
    texts.set(name, prompt ?? "");
  }
  if (defaultPrompt !== undefined && !texts.has(defaultPrompt)) {
    const known = [...texts.keys()].map((name) => `"${name}"`).join(", ");
    throw new ConfigError(`${file}: default_prompt_name is "${defaultPrompt}"; known: ${known}.`);
  }
  return { prompts: texts as ReadonlyMap<string, string>, defaultPrompt };
}

function readEncoderConfig(folder: string): JsonObject {
  const file = ENCODER_FILES.find((name) => pathKind(joinPath(folder, name)) === "file");
  return file === undefined ? {} : readJsonObject(joinPath(folder, file));
}

function readOptional(file: string): JsonObject {
  return pathKind(file) === "missing" ? {} : readJsonObject(file);
}

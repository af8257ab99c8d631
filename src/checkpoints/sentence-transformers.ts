/**
 * The Sentence Transformers layout: `modules.json` and the configurations of its modules, in all their generations. What a
 * checkpoint states about pooling, prompts, length and scores is read here, so that nothing is copied from model cards.
 * Layout: sentence_transformers/base/model.py and its modules, release 6.
 */
import { joinPath, pathKind } from "#platform";
import { ConfigError } from "../errors.ts";
import { choice, flag, named, number, optional, size, text } from "./config-fields.ts";
import { defineConfig } from "./config-reader.ts";
import { containedPath } from "./contained-path.ts";
import { isJsonObject, type JsonObject, nameOf, readJsonIfThere, readJsonObject } from "./json-files.ts";
import {
  checkModules,
  MODULE_ACTIVATIONS,
  type ModuleActivation,
  readModule,
  readModuleEntries,
  readSparsePooling,
  type SentenceModule,
  type SparsePooling,
} from "./sentence-modules.ts";

/** How the likeness of two embeddings is measured. */
export type Similarity = "cosine" | "dot" | "euclidean" | "manhattan";

/** What a Sentence Transformers repository states about its model. */
export interface SentenceLayout {
  /**
   * A cross-encoder scores pairs with its classification head and has no modules after the encoder; a sparse embedder
   * weighs words with its masked-LM head and has only `sparsePooling`.
   */
  readonly kind: "embedder" | "cross-encoder" | "sparse-embedder";
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
  /** Sparse embedders: how the logits of a text's tokens become one weight a word. */
  readonly sparsePooling?: SparsePooling | undefined;
}

/** Configurations of the encoder module, by the names of several releases. */
const ENCODER_FILES = ["bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"].map(
  (name) => `sentence_${name}_config.json`,
);

const encoderConfig = defineConfig({
  maxLength: optional(size("max_seq_length")),
  lowercase: flag("do_lower_case", false),
  task: choice(
    "transformer_task",
    ["feature-extraction", "sequence-classification", "fill-mask"],
    "feature-extraction",
  ),
});

const tokenizerConfig = defineConfig({
  /** Often 1e30, "very large", where the tokenizer knows no limit. */
  maxLength: optional(number("model_max_length")),
});

const KINDS = {
  SentenceTransformer: "embedder",
  CrossEncoder: "cross-encoder",
  SparseEncoder: "sparse-embedder",
} as const;

const modelConfig = defineConfig({
  kind: named("model_type", KINDS, "embedder"),
  similarity: optional(choice("similarity_fn_name", ["cosine", "dot", "euclidean", "manhattan"])),
  defaultPrompt: optional(text("default_prompt_name")),
  scoreActivation: optional(named("activation_fn", MODULE_ACTIVATIONS)),
});

/** Cross-encoders of releases 2 to 5 keep it in the encoder's own config.json. */
const crossEncoderConfig = defineConfig({
  scoreActivation: optional(
    named(["sentence_transformers.activation_fn", "sbert_ce_default_activation_function"], MODULE_ACTIVATIONS),
  ),
});

/** The second was the encoder of sparse embedders up to release 5.3. */
const ENCODER_MODULES = ["Transformer", "MLMTransformer"];

/** What the encoder module's task says of the whole, beyond `model_type`. */
const KIND_OF_TASK: { readonly [task: string]: SentenceLayout["kind"] } = {
  "sequence-classification": "cross-encoder",
  "fill-mask": "sparse-embedder",
};

/**
 * Reads the layout of a folder.
 *
 * @returns undefined when the folder has none: a plain Hugging Face checkpoint.
 * @throws ConfigError naming the file and the key, or a type of module that is not known.
 */
export function readSentenceLayout(folder: string): SentenceLayout | undefined {
  const modulesFile = joinPath(folder, "modules.json");
  if (pathKind(modulesFile) === "missing") return readCrossEncoder(folder);
  const [encoder, ...others] = readModuleEntries(modulesFile);
  if (encoder === undefined || !ENCODER_MODULES.includes(encoder.type)) {
    throw new ConfigError(`modules.json begins with "${encoder?.type ?? "nothing"}"; expected "Transformer".`);
  }
  const encoderFolder = containedPath(folder, encoder.path, "modules.json");
  const { maxLength, lowercase, task } = encoderConfig.read(
    readEncoderConfig(encoderFolder),
    "sentence_bert_config.json",
  );
  const general = readJsonIfThere(joinPath(folder, "config_sentence_transformers.json"));
  const stated = modelConfig.read(general, "config_sentence_transformers.json");
  const kind = encoder.type === "MLMTransformer" ? "sparse-embedder" : (KIND_OF_TASK[task] ?? stated.kind);
  const sparsePooling = kind === "sparse-embedder" ? readSparsePooling(folder, others) : undefined;
  const modules = sparsePooling === undefined ? others.flatMap((entry) => readModule(folder, entry) ?? []) : [];
  if (kind !== "sparse-embedder") checkModules(modules, kind === "cross-encoder");
  return {
    kind,
    encoderFolder,
    modules,
    ...readPrompts(general, stated.defaultPrompt),
    similarity: stated.similarity ?? (kind === "sparse-embedder" ? "dot" : "cosine"),
    maxLength: maxLength ?? tokenizerLimit(encoderFolder),
    lowercase,
    scoreActivation: stated.scoreActivation ?? readOldScoreActivation(encoderFolder),
    sparsePooling,
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
  return crossEncoderConfig.read(readJsonIfThere(joinPath(folder, "config.json"))).scoreActivation;
}

/** The most tokens that `tokenizer_config.json` allows, or undefined where it says nothing or "very many". */
export function tokenizerLimit(folder: string): number | undefined {
  const { maxLength } = tokenizerConfig.read(
    readJsonIfThere(joinPath(folder, "tokenizer_config.json")),
    "tokenizer_config.json",
  );
  return maxLength !== undefined && maxLength >= 1 && maxLength < 1e9 ? Math.floor(maxLength) : undefined;
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

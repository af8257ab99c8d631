import { joinPath } from "#platform";
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS } from "../../checkpoints/adapter.ts";
import { editJson } from "../../checkpoints/json-edit.ts";
import { type JsonObject, printJson } from "../../checkpoints/json-files.ts";
import { type RepositoryContent, saveRepository, type WeightFileContent } from "../../checkpoints/save-repository.ts";
import type { StoredTensor } from "../../checkpoints/stored-types.ts";
import type { TrainingTask } from "../evaluate/evaluate-options.ts";
import { adapterFiles } from "./adapter-files.ts";
import { mergeAdapters } from "./lora.ts";
import type { Prepared, StartingPoint } from "./starting-point.ts";

/** What else a model's folder holds. */
export interface TunedFiles {
  readonly card: string;
  readonly task: TrainingTask;
  /** The model that was tuned, as it was named. */
  readonly base: string;
  /** Further keys of `config.json`. */
  readonly keys: JsonObject;
}

/** What the names of modules' parameters begin with; see `openSentenceTail`. */
const MODULES = "modules.";

/** Files that say how a folder embeds; a classifier that had them would open as an embedder. */
const EMBEDDER_FILES = /^(?:modules\.json|sentence_\w+_config\.json|config_sentence_transformers\.json|\d+_\w+)$/;

/**
 * Writes the folder `model/`: config, weights, tokenizer, card, and of embedders the modules after the encoder. Files of the
 * checkpoint's that still hold go with it. After LoRA its weights have the adapters merged, and `adapter/` is the same
 * without the base's weights.
 */
export function saveTuned(
  run: string,
  start: StartingPoint,
  prepared: Prepared,
  trained: readonly StoredTensor[],
  files: TunedFiles,
): void {
  const { weights, lora } = prepared;
  const tensors = trained.filter(({ name }) => !name.startsWith(MODULES));
  const modules = moduleFiles(start.location, trained);
  const merged = lora === undefined ? tensors : mergeAdapters(tensors, lora, prepared.tensors);
  save(joinPath(run, "model"), start, prepared, files, {
    weightFiles: [weightFile("model.safetensors", weights.inFileForm(merged))],
    texts: { "README.md": files.card },
    moduleFiles: modules,
  });
  if (lora === undefined) return;
  const { tensors: own, configText } = adapterFiles(tensors, prepared, lora, files);
  save(joinPath(run, "adapter"), start, prepared, files, {
    weightFiles: [weightFile(ADAPTER_WEIGHTS, own)],
    texts: { "README.md": files.card, [ADAPTER_CONFIG]: configText },
    moduleFiles: modules,
  });
}

function weightFile(name: string, tensors: readonly StoredTensor[]): WeightFileContent {
  return { name, tensors, metadata: new Map([["format", "pt"]]) };
}

function save(
  folder: string,
  { location, checkpoint, maxLength }: StartingPoint,
  { config }: Prepared,
  { task, keys }: TunedFiles,
  content: Pick<RepositoryContent, "weightFiles" | "texts" | "moduleFiles">,
): void {
  const isEmbedder = task === "embed";
  const names = checkpoint
    .otherFiles()
    .filter((name) => name !== ADAPTER_CONFIG && name !== "README.md" && !EMBEDDER_FILES.test(name));
  const copies = names.map((name) => ({ from: joinPath(checkpoint.folder, name), name }));
  saveRepository(folder, {
    ...content,
    configText: editJson(checkpoint.configText, { ...config, ...keys }),
    texts: { ...content.texts, ...(isEmbedder ? embedderTexts(location, checkpoint.config, maxLength) : {}) },
    copies: isEmbedder ? [...copies, ...moduleConfigs(location)] : copies,
  });
}

/** Settings of modules that have weights. */
function moduleConfigs({ layout }: StartingPoint["location"]): { from: string; name: string }[] {
  return (layout?.modules ?? []).flatMap((module, i) =>
    "folder" in module
      ? [{ from: joinPath(module.folder, "config.json"), name: `${moduleFolder(module, i)}/config.json` }]
      : [],
  );
}

/** Weights of modules, by the names that they have in their folders. */
function moduleFiles({ layout }: StartingPoint["location"], trained: readonly StoredTensor[]): WeightFileContent[] {
  return (layout?.modules ?? []).flatMap((module, i) => {
    const prefix = `${MODULES}${i + 1}.`;
    const own = trained.filter(({ name }) => name.startsWith(prefix));
    const tensors = own.map((tensor) => ({ ...tensor, name: tensor.name.slice(prefix.length) }));
    return "folder" in module ? [weightFile(`${moduleFolder(module, i)}/model.safetensors`, tensors)] : [];
  });
}

const MODULE_CLASSES = { pooling: "Pooling", dense: "Dense", "layer-norm": "LayerNorm", normalize: "Normalize" };

/** As Sentence Transformers calls it, with the encoder as number 0. */
function moduleFolder({ kind }: { readonly kind: keyof typeof MODULE_CLASSES }, i: number): string {
  return `${i + 1}_${MODULE_CLASSES[kind]}`;
}

/** `modules.json` and its kin; the mean of the token vectors where the checkpoint says nothing. */
function embedderTexts(
  { layout }: StartingPoint["location"],
  config: JsonObject,
  maxLength: number,
): { [name: string]: string } {
  const size = config.hidden_size ?? config.dim ?? config.d_model ?? null;
  const modules = layout?.modules ?? [{ kind: "pooling", modes: ["mean"], includePrompt: true } as const];
  const texts: { [name: string]: string } = {};
  const entries = [{ idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" }];
  for (const [i, module] of modules.entries()) {
    const kind = MODULE_CLASSES[module.kind];
    const path = moduleFolder(module, i);
    entries.push({ idx: i + 1, name: String(i + 1), path, type: `sentence_transformers.models.${kind}` });
    if (module.kind === "pooling") {
      texts[`${path}/config.json`] = printJson({
        embedding_dimension: size,
        pooling_mode: module.modes.length === 1 ? module.modes[0]! : [...module.modes],
        include_prompt: module.includePrompt,
      });
    } else if (module.kind === "normalize") texts[`${path}/config.json`] = printJson({});
  }
  return {
    ...texts,
    "modules.json": printJson(entries),
    "sentence_bert_config.json": printJson({ max_seq_length: maxLength, do_lower_case: layout?.lowercase ?? false }),
    "config_sentence_transformers.json": printJson({
      prompts: Object.fromEntries(layout?.prompts ?? []),
      default_prompt_name: layout?.defaultPrompt ?? null,
      similarity_fn_name: layout?.similarity ?? "cosine",
    }),
  };
}

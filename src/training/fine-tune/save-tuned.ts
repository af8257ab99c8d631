import { joinPath } from "#platform";
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS } from "../../checkpoints/adapter.ts";
import { editJson } from "../../checkpoints/json-edit.ts";
import type { JsonObject } from "../../checkpoints/json-files.ts";
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
}

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
  tensors: readonly StoredTensor[],
  files: TunedFiles,
): void {
  const { weights, lora } = prepared;
  const merged = lora === undefined ? tensors : mergeAdapters(tensors, lora, prepared.tensors);
  save(joinPath(run, "model"), start, prepared, files, {
    weightFiles: [weightFile("model.safetensors", weights.inFileForm(merged))],
    texts: { "README.md": files.card },
  });
  if (lora === undefined) return;
  const { tensors: own, configText } = adapterFiles(tensors, prepared, lora, files);
  save(joinPath(run, "adapter"), start, prepared, files, {
    weightFiles: [weightFile(ADAPTER_WEIGHTS, own)],
    texts: { "README.md": files.card, [ADAPTER_CONFIG]: configText },
  });
}

function weightFile(name: string, tensors: readonly StoredTensor[]): WeightFileContent {
  return { name, tensors, metadata: new Map([["format", "pt"]]) };
}

function save(
  folder: string,
  { location, checkpoint, maxLength }: StartingPoint,
  { config }: Prepared,
  { task }: TunedFiles,
  content: Pick<RepositoryContent, "weightFiles" | "texts">,
): void {
  const isEmbedder = task === "embed";
  const names = checkpoint
    .otherFiles()
    .filter((name) => name !== ADAPTER_CONFIG && name !== "README.md" && !EMBEDDER_FILES.test(name));
  const copies = names.map((name) => ({ from: joinPath(checkpoint.folder, name), name }));
  saveRepository(folder, {
    ...content,
    configText: editJson(checkpoint.configText, config),
    texts: { ...content.texts, ...(isEmbedder ? embedderTexts(location, checkpoint.config, maxLength) : {}) },
    copies: isEmbedder ? [...copies, ...moduleFolders(location)] : copies,
  });
}

/** Folders of modules with weights or settings of their own. */
function moduleFolders({ layout }: StartingPoint["location"]): { from: string; name: string }[] {
  return (layout?.modules ?? []).flatMap((module, i) =>
    "folder" in module ? [{ from: module.folder, name: `${i + 1}_${module.kind}` }] : [],
  );
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
    const kind = { pooling: "Pooling", dense: "Dense", "layer-norm": "LayerNorm", normalize: "Normalize" }[module.kind];
    const path = "folder" in module ? `${i + 1}_${module.kind}` : `${i + 1}_${kind}`;
    entries.push({ idx: i + 1, name: String(i + 1), path, type: `sentence_transformers.models.${kind}` });
    if (module.kind === "pooling") {
      texts[`${path}/config.json`] = print({
        embedding_dimension: size,
        pooling_mode: module.modes.length === 1 ? module.modes[0]! : [...module.modes],
        include_prompt: module.includePrompt,
      });
    } else if (module.kind === "normalize") texts[`${path}/config.json`] = print({});
  }
  return {
    ...texts,
    "modules.json": print(entries),
    "sentence_bert_config.json": print({ max_seq_length: maxLength, do_lower_case: layout?.lowercase ?? false }),
    "config_sentence_transformers.json": print({
      prompts: Object.fromEntries(layout?.prompts ?? []),
      default_prompt_name: layout?.defaultPrompt ?? null,
      similarity_fn_name: layout?.similarity ?? "cosine",
    }),
  };
}

function print(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

import { joinPath } from "#platform";
import { editJson } from "../../checkpoints/json-edit.ts";
import type { JsonObject } from "../../checkpoints/json-files.ts";
import { saveRepository } from "../../checkpoints/save-repository.ts";
import type { StoredTensor } from "../../checkpoints/stored-types.ts";
import type { Prepared, StartingPoint } from "./starting-point.ts";

/** What else a model's folder holds: its card, and for embedders the modules after the encoder. */
export interface TunedFiles {
  readonly card: string;
  /** Whether the folder is an embedder's. */
  readonly isEmbedder: boolean;
}

/** Files that say how a folder embeds; a classifier that had them would open as an embedder. */
const EMBEDDER_FILES = /^(?:modules\.json|sentence_\w+_config\.json|config_sentence_transformers\.json|\d+_\w+)$/;

/** Writes the model folder: config, weights, tokenizer, card. Files of the checkpoint's that still hold go with it. */
export function saveTuned(
  folder: string,
  { location, checkpoint, maxLength }: StartingPoint,
  { weights, config }: Prepared,
  tensors: readonly StoredTensor[],
  { card, isEmbedder }: TunedFiles,
): void {
  const names = checkpoint.otherFiles().filter((name) => name !== "README.md" && !EMBEDDER_FILES.test(name));
  const copies = names.map((name) => ({ from: joinPath(checkpoint.folder, name), name }));
  saveRepository(folder, {
    configText: editJson(checkpoint.configText, config),
    weightFiles: [
      { name: "model.safetensors", tensors: weights.inFileForm(tensors), metadata: new Map([["format", "pt"]]) },
    ],
    texts: { "README.md": card, ...(isEmbedder ? embedderTexts(location, checkpoint.config, maxLength) : {}) },
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

import { baseName, joinPath, listFolder } from "#platform";
import { type JsonObject, printJson } from "../../checkpoints/json-files.ts";
import { saveRepository } from "../../checkpoints/save-repository.ts";
import type { StoredTensor } from "../../checkpoints/stored-types.ts";
import type { DevMetrics } from "../training-loop.ts";
import { GENERATOR } from "./generator.ts";
import type { FilledOptions } from "./pretrain-options.ts";
import type { StartingPoint } from "./starting-point.ts";

/** Files of a folder that make a tokenizer. */
export const TOKENIZER_FILES =
  /^(?:tokenizer\.json|tokenizer_config\.json|special_tokens_map\.json|added_tokens\.json|vocab\.(?:txt|json)|merges\.txt|.*\.model)$/;

/** What a saved model is described with. */
export interface SavedModel {
  readonly start: StartingPoint;
  readonly filled: FilledOptions;
  readonly corpus: readonly string[];
  readonly step: number;
  readonly metrics: DevMetrics;
}

/** Writes a folder that transformers opens: config, weights, tokenizer, model card. */
export function saveModel(folder: string, tensors: readonly StoredTensor[], saved: SavedModel): void {
  const { checkpoint, config, tokenizerFolder, architecture, texts } = saved.start;
  const own = tensors.filter(({ name }) => !name.startsWith(GENERATOR));
  const card = modelCard(baseName(folder), saved);
  if (checkpoint === undefined) {
    writeFresh(folder, config, own, { tokenizerFolder, card });
    return;
  }
  const isOther = tokenizerFolder !== checkpoint.folder;
  checkpoint.save(folder, {
    tensors: checkpoint.weights(architecture.names).inFileForm(own),
    texts: { ...texts, "README.md": card },
    copies: isOther ? tokenizerCopies(tokenizerFolder).filter(({ name }) => !Object.hasOwn(texts, name)) : [],
    omits: isOther ? TOKENIZER_FILES : undefined,
  });
}

/** ELECTRA's generator, with the embeddings that it shares. */
export function saveGenerator(
  folder: string,
  tensors: readonly StoredTensor[],
  config: JsonObject,
  saved: SavedModel,
): void {
  const shared = `${saved.start.architecture.prefix}.embeddings.`;
  const own = tensors.flatMap((tensor) => {
    if (tensor.name.startsWith(shared)) return [tensor];
    return tensor.name.startsWith(GENERATOR) ? [{ ...tensor, name: tensor.name.slice(GENERATOR.length) }] : [];
  });
  const { tokenizerFolder } = saved.start;
  writeFresh(folder, config, own, { tokenizerFolder, card: modelCard(baseName(folder), saved) });
}

function writeFresh(
  folder: string,
  config: JsonObject,
  tensors: readonly StoredTensor[],
  { tokenizerFolder, card }: { readonly tokenizerFolder: string; readonly card: string },
): void {
  saveRepository(folder, {
    configText: printJson(config),
    weightFiles: [{ name: "model.safetensors", tensors }],
    texts: { "README.md": card },
    copies: tokenizerCopies(tokenizerFolder),
  });
}

function tokenizerCopies(folder: string): { from: string; name: string }[] {
  const names = listFolder(folder).filter((name) => TOKENIZER_FILES.test(name));
  return names.map((name) => ({ from: joinPath(folder, name), name }));
}

/** A model card: what was trained, on what, and how well it guesses. */
function modelCard(name: string, { filled, corpus, step, metrics, start }: SavedModel): string {
  const rows = Object.entries(metrics).map(([metric, value]) => `| ${metric} | ${Number(value.toPrecision(5))} |`);
  const table = rows.length === 0 ? "No dev files were given." : ["| metric | dev |", "|---|---|", ...rows].join("\n");
  const { objective, learningRate, batchSize, batchTokens, accumulation, schedule, warmup, seed } = filled;
  const batch = batchTokens === null ? `${batchSize} rows` : `${batchTokens} tokens`;
  return `---
library_name: transformers
pipeline_tag: fill-mask
tags:
- cloze
---

# ${name}

A ${start.architecture.name} encoder, pre-trained ${filled.model === null ? "from scratch" : `from ${filled.model}`}; step ${step} of ${filled.steps}.

${table}

- objective: ${objective.join(", ")}
- corpus: ${corpus.map(baseName).join(", ")}
- rows of ${start.length} tokens, ${batch} a batch, ${accumulation} a step
- AdamW, learning rate ${learningRate}, ${schedule}, warm-up ${warmup}, seed ${seed}
`;
}

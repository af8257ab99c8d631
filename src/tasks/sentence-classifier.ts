import { isJsonObject } from "../checkpoints/json-files.ts";
import type { Checkpoint } from "../checkpoints/repository.ts";
import type { SentenceLayout } from "../checkpoints/sentence-transformers.ts";
import type { StoredTensor } from "../checkpoints/stored-types.ts";
import type { Tail } from "../models/model-graph.ts";
import { openSentenceTail } from "../models/sentence-tail.ts";
import type { HeadUse } from "./open-head.ts";

/** How a folder classifies whose head stands behind its pooled embeddings. */
export interface SentenceHead {
  readonly heads: readonly HeadUse[];
  readonly tail: Tail;
  tensors(name: string): StoredTensor | undefined;
}

/**
 * The head of an embedder that few-shot tuning made a classifier of: its last module is a Dense with a number for each
 * class that `config.json` names, and a `problem_type`. Undefined for every other folder.
 */
export function sentenceHead(layout: SentenceLayout | undefined, { config }: Checkpoint): SentenceHead | undefined {
  const last = layout?.modules.at(-1);
  if (layout?.kind !== "embedder" || last?.kind !== "dense" || config.problem_type === undefined) return undefined;
  const { id2label } = config;
  if (!isJsonObject(id2label) || Object.keys(id2label).length !== last.outputSize) return undefined;
  const { tail, tensors } = openSentenceTail(layout.modules);
  return {
    heads: [{ head: "base", outputs: ["logits"] }],
    tail: (context) => ({ logits: tail(context).embedding! }),
    tensors,
  };
}

import type { Backend } from "../backends/backend.ts";
import { type ModelLocation, resolveWhere } from "../checkpoints/default-model.ts";
import { Checkpoint } from "../checkpoints/repository.ts";
import type { SentenceLayout } from "../checkpoints/sentence-transformers.ts";
import { InputError } from "../errors.ts";
import { loadModel } from "../models/load-model.ts";
import type { Model } from "../models/model.ts";
import { openSentenceTail, type SentenceTail } from "../models/sentence-tail.ts";
import { Tokenizer } from "../tokenizers/tokenizer.ts";
import type { EmbedderOptions } from "./embedder-options.ts";
import { chooseMaxLength } from "./max-length.ts";
import { openOnBackend } from "./open-on-backend.ts";
import { ProgressMeter } from "./progress.ts";
import type { Opened } from "./task.ts";

/** What a checkpoint states about its texts. */
export type TextLayout = Pick<SentenceLayout, "prompts" | "defaultPrompt" | "lowercase" | "similarity">;

/** What an embedder is made of. */
export interface EmbedderParts extends Opened {
  readonly model: Model;
  readonly tail: SentenceTail;
  readonly layout: TextLayout;
  /** Numbers that the model computes a text. */
  readonly modelDimensions: number;
  /** Numbers that are returned unless a call asks for others. */
  readonly dimensions: number;
}

/** A checkpoint that is not in the Sentence Transformers layout says nothing about its texts. */
const PLAIN_LAYOUT: TextLayout = {
  prompts: new Map(),
  defaultPrompt: undefined,
  lowercase: false,
  similarity: "cosine",
};

/** Opens everything, or nothing. */
export async function openEmbedderParts(where: string | undefined, options: EmbedderOptions): Promise<EmbedderParts> {
  return openOnBackend(options, async (backend) =>
    openParts(await resolveWhere(where, { signal: options.signal, onProgress: options.onProgress }), backend, options),
  );
}

async function openParts(location: ModelLocation, backend: Backend, options: EmbedderOptions) {
  const { layout, name } = location;
  if (layout?.kind === "cross-encoder") {
    throw new InputError(
      `"${name}" is a cross-encoder: it scores pairs of texts and has no embeddings. It opens as Reranker or Classifier.`,
    );
  }
  if (layout?.kind === "sparse-embedder") {
    throw new InputError(`"${name}" is a sparse embedder: it weighs words. It opens as SparseEmbedder.`);
  }
  const folder = layout?.encoderFolder ?? location.folder;
  const tokenizer = await Tokenizer.load(folder);
  const tail = openSentenceTail(layout?.modules);
  let progress: ProgressMeter | undefined;
  const tensors = (name: string) => {
    progress?.advance(1);
    return tail.tensors(name);
  };
  const { dtype } = options;
  const { model } = loadModel(Checkpoint.open(folder), { head: "base", backend, tail: tail.tail, tensors, dtype });
  try {
    const modelDimensions = model.columns("embedding");
    const parts = {
      name,
      model,
      tokenizer,
      tail,
      layout: layout ?? PLAIN_LAYOUT,
      maxLength: chooseMaxLength(options.maxLength, layout?.maxLength ?? tokenizer.maxLength, model.maxLength),
      modelDimensions,
      dimensions: checkDimensions(options.dimensions ?? modelDimensions, modelDimensions),
    };
    progress = new ProgressMeter(options.onProgress, "load", "tensors", model.parameters(["embedding"]).length);
    model.prepare(["embedding"]); // uploads the weights, so that the first text waits for nothing
    return parts;
  } catch (error) {
    model.close();
    throw error;
  }
}

/** @throws InputError when a model with embeddings of `size` numbers cannot return that many. */
export function checkDimensions(dimensions: number, size: number): number {
  if (Number.isInteger(dimensions) && dimensions >= 1 && dimensions <= size) return dimensions;
  throw new InputError(
    `dimensions is ${dimensions}; this model's embeddings have ${size}: pass an integer from 1 to ${size}.`,
  );
}

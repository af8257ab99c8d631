import type { Backend } from "../backends/backend.ts";
import type { ModelLocation } from "../checkpoints/default-model.ts";
import { Checkpoint } from "../checkpoints/repository.ts";
import type { SentenceLayout } from "../checkpoints/sentence-transformers.ts";
import { InputError } from "../errors.ts";
import { loadModel } from "../models/load-model.ts";
import type { Model } from "../models/model.ts";
import { openSentenceTail, type SentenceTail } from "../models/sentence-tail.ts";
import { Tokenizer } from "../tokenizers/tokenizer.ts";
import type { EmbedderOptions } from "./embedder-options.ts";
import { ProgressMeter } from "./progress.ts";

/** What a checkpoint states about its texts. */
export type TextLayout = Pick<SentenceLayout, "prompts" | "defaultPrompt" | "lowercase" | "similarity">;

/** What an embedder is made of. */
export interface EmbedderParts {
  readonly model: Model;
  readonly tokenizer: Tokenizer;
  readonly tail: SentenceTail;
  readonly layout: TextLayout;
  readonly maxLength: number;
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

/** Opens everything, or nothing: `backend` stays the caller's. */
export async function openEmbedderParts(
  location: ModelLocation,
  backend: Backend,
  options: EmbedderOptions,
): Promise<EmbedderParts> {
  const { layout, name } = location;
  if (layout?.kind === "cross-encoder") {
    throw new InputError(`"${name}" is a cross-encoder: it scores pairs of texts and has no embeddings.`);
  }
  const folder = layout?.encoderFolder ?? location.folder;
  const tokenizer = await Tokenizer.load(folder);
  const tail = openSentenceTail(layout?.modules);
  let progress: ProgressMeter | undefined;
  const tensors = (name: string) => {
    progress?.advance(1);
    return tail.tensors(name);
  };
  const { model } = loadModel(Checkpoint.open(folder), { head: "base", backend, tail: tail.tail, tensors });
  try {
    const modelDimensions = columnsOf(model, "embedding");
    const parts = {
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

function columnsOf(model: Model, output: string): number {
  const { values, outputs } = model.program([output]);
  return values[outputs.get(output) as number]?.shape[1] as number;
}

function chooseMaxLength(asked: number | undefined, stated: number | undefined, most: number): number {
  if (asked === undefined) return Math.min(stated ?? most, most);
  if (Number.isInteger(asked) && asked >= 1 && asked <= most) return asked;
  throw new InputError(
    `maxLength is ${asked}; this model reads at most ${most} tokens: pass an integer from 1 to ${most}.`,
  );
}

/** @throws InputError when a model with embeddings of `size` numbers cannot return that many. */
export function checkDimensions(dimensions: number, size: number): number {
  if (Number.isInteger(dimensions) && dimensions >= 1 && dimensions <= size) return dimensions;
  throw new InputError(
    `dimensions is ${dimensions}; this model's embeddings have ${size}: pass an integer from 1 to ${size}.`,
  );
}

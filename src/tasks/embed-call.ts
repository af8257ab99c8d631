import { pack } from "../models/packed-batch.ts";
import { POOLING_MASK } from "../models/sentence-tail.ts";
import type { Encoding } from "../tokenizers/encoding.ts";
import type { EmbeddingOf, EmbedOptions } from "./embedder-options.ts";
import { checkDimensions, type EmbedderParts } from "./embedder-parts.ts";
import type { TaskWork } from "./perform.ts";
import { resolvePrompt } from "./prompts.ts";
import { InputReader, type Reading, readingDetail } from "./read-input.ts";

/** One call of `embed`: its options made definite, and what it does with each text. */
export class EmbedCall<Detail extends boolean> implements TaskWork<string, Reading, EmbeddingOf<Detail>> {
  readonly #parts: EmbedderParts;
  readonly #reader: InputReader;
  /** Tokens at the start of every text that are not pooled. */
  readonly #maskedTokens: number;
  readonly #dimensions: number;
  readonly #detail: boolean;

  /** @throws InputError when an option has no such value, or this model no such prompt. */
  constructor(parts: EmbedderParts, options: EmbedOptions<Detail>) {
    const { truncation = "truncate", dimensions = parts.dimensions } = options;
    this.#parts = parts;
    const prompt = resolvePrompt(parts.layout, options.prompt, options.promptText);
    this.#reader = new InputReader(parts, { truncation, prompt, allowed: ["truncate", "error"] });
    this.#maskedTokens = parts.tail.masksPrompt ? countPromptTokens(parts, prompt) : 0;
    this.#dimensions = checkDimensions(dimensions, parts.modelDimensions);
    this.#detail = options.detail ?? false;
  }

  tokenize(text: string, index?: number): Reading {
    return this.#reader.read(text, index);
  }

  async run(texts: readonly Reading[], signal: AbortSignal): Promise<EmbeddingOf<Detail>[]> {
    const batch = pack(texts.flatMap(({ windows }) => windows.map(({ ids, typeIds }) => ({ ids, typeIds }))));
    const { model, tail } = this.#parts;
    const extra = tail.masksPrompt ? { [POOLING_MASK]: this.#poolingMask(batch.offsets) } : undefined;
    const { embedding } = await model.run({ ...batch, extra }, ["embedding"], { signal });
    return texts.map((text, i) => this.#result(text, this.#vector(embedding as Float32Array, i))); // [B, D]
  }

  #poolingMask(offsets: Int32Array): Float32Array {
    const mask = new Float32Array(offsets.at(-1) as number).fill(1); // [T]
    for (let text = 0; text + 1 < offsets.length; text++) {
      const start = offsets[text] as number;
      mask.fill(0, start, Math.min(start + this.#maskedTokens, offsets[text + 1] as number));
    }
    return mask;
  }

  /** Text i's numbers, cut to the dimensions asked for. */
  #vector(embeddings: Float32Array, i: number): Float32Array {
    const { modelDimensions: size, tail } = this.#parts;
    if (embeddings.length === this.#dimensions) return embeddings;
    const vector = embeddings.slice(i * size, i * size + this.#dimensions);
    return this.#dimensions < size && tail.normalizes ? normalized(vector) : vector;
  }

  #result(text: Reading, embedding: Float32Array): EmbeddingOf<Detail> {
    return (this.#detail ? { embedding, ...readingDetail(text) } : embedding) as EmbeddingOf<Detail>;
  }
}

/**
 * The tokens of the prompt alone, the last one left out if it is special; counted as `_get_prompt_length` of
 * sentence_transformers/base/modules/transformer.py does, whatever the words join to behind it.
 */
function countPromptTokens(parts: EmbedderParts, prompt: string): number {
  if (prompt === "") return 0;
  const [encoding] = new InputReader(parts, { truncation: "truncate" }).read(prompt).windows;
  const { special } = encoding as Encoding;
  return special.length - (special.at(-1) ?? 0);
}

function normalized(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  return vector.map((x) => x / Math.max(length, 1e-12));
}

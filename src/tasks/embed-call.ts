import { InputError } from "../errors.ts";
import { pack } from "../models/packed-batch.ts";
import { POOLING_MASK } from "../models/sentence-tail.ts";
import type { Encoding } from "../tokenizers/encoding.ts";
import type { BatchWork } from "./batch-pipeline.ts";
import type { EmbeddingDetail, EmbeddingOf, EmbedOptions } from "./embedder-options.ts";
import { checkDimensions, type EmbedderParts } from "./embedder-parts.ts";
import { resolvePrompt } from "./prompts.ts";
import type { Tokenized } from "./read-windows.ts";

interface PreparedText extends Tokenized {
  readonly ids: Int32Array;
  readonly typeIds: Int32Array;
  readonly truncated: boolean;
  readonly droppedCharacters: number;
}

/** One call of `embed`: its options made definite, and what it does with each text. */
export class EmbedCall<Detail extends boolean> implements BatchWork<string, PreparedText, EmbeddingOf<Detail>> {
  readonly #parts: EmbedderParts;
  readonly #prompt: string;
  /** Tokens at the start of every text that are not pooled. */
  readonly #maskedTokens: number;
  readonly #dimensions: number;
  readonly #refusesLong: boolean;
  readonly #detail: boolean;

  /** @throws InputError when an option has no such value, or this model no such prompt. */
  constructor(parts: EmbedderParts, options: EmbedOptions<Detail>) {
    const { truncation = "truncate", dimensions = parts.dimensions } = options;
    if (truncation !== "truncate" && truncation !== "error") {
      throw new InputError(`truncation is "${truncation}"; expected "truncate" or "error".`);
    }
    this.#parts = parts;
    this.#prompt = resolvePrompt(parts.layout, options.prompt, options.promptText);
    this.#maskedTokens = parts.tail.masksPrompt ? this.#countPromptTokens() : 0;
    this.#dimensions = checkDimensions(dimensions, parts.modelDimensions);
    this.#refusesLong = truncation === "error";
    this.#detail = options.detail ?? false;
  }

  tokenize(text: string, index?: number): PreparedText {
    const name = index === undefined ? "The text" : `Text ${index}`;
    if (typeof text !== "string") throw new InputError(`${name} is of type ${typeof text}; expected a string.`);
    const encoding = this.#encode(this.#prompt + text);
    const { ids, typeIds, truncated } = encoding;
    if (ids.length === 0)
      throw new InputError(`${name} has no tokens, and this tokenizer adds none; pass a longer text.`);
    if (truncated && this.#refusesLong) throw this.#tooLong(name, text);
    // Of a cut prompt the rest is no part of the text.
    const droppedCharacters = truncated ? Math.min(encoding.droppedCharacters, text.length) : 0;
    return { length: ids.length, ids, typeIds, truncated, droppedCharacters };
  }

  async run(texts: readonly PreparedText[], signal?: AbortSignal): Promise<EmbeddingOf<Detail>[]> {
    const batch = pack(texts);
    const { model, tail } = this.#parts;
    const extra = tail.masksPrompt ? { [POOLING_MASK]: this.#poolingMask(batch.offsets) } : undefined;
    const { embedding } = await model.run({ ...batch, extra }, ["embedding"], { signal });
    return texts.map((text, i) => this.#result(text, this.#vector(embedding as Float32Array, i))); // [B, D]
  }

  #encode(text: string, maxLength = this.#parts.maxLength): Encoding {
    const { layout, tokenizer } = this.#parts;
    return tokenizer.encode(layout.lowercase ? lowercase(text) : text, { maxLength });
  }

  /**
   * The tokens of the prompt alone, the last one left out if it is special; counted as `_get_prompt_length` of
   * sentence_transformers/base/modules/transformer.py does, whatever the words join to behind it.
   */
  #countPromptTokens(): number {
    if (this.#prompt === "") return 0;
    const { special } = this.#encode(this.#prompt);
    return special.length - (special.at(-1) ?? 0);
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

  #result({ length, truncated, droppedCharacters }: PreparedText, embedding: Float32Array): EmbeddingOf<Detail> {
    const detail: EmbeddingDetail = { embedding, tokens: length, truncated, droppedCharacters };
    return (this.#detail ? detail : embedding) as EmbeddingOf<Detail>;
  }

  /** Tokens are counted up to a bound: a text of megabytes is refused as fast as any other. */
  #tooLong(name: string, text: string): InputError {
    const { maxLength } = this.#parts;
    const { ids, truncated } = this.#encode(this.#prompt + text, 100 * maxLength);
    const count = `${truncated ? "more than " : ""}${ids.length}`;
    return new InputError(
      `${name} has ${count} tokens; this model reads at most ${maxLength}. Pass truncation: "truncate", or shorter texts.`,
    );
  }
}

/** As the reference's Lowercase: letter by letter, so that a sigma at the end of a word is like any other. */
function lowercase(text: string): string {
  return text.replaceAll("Σ", "σ").toLowerCase();
}

function normalized(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  return vector.map((x) => x / Math.max(length, 1e-12));
}

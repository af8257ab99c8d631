import type { CallOptions, LoadOptions } from "./load-options.ts";
import type { ReadingDetail } from "./read-input.ts";

/** How a model is opened. */
export interface EmbedderOptions extends LoadOptions {
  /** Length of the embeddings: their first numbers (Matryoshka), normalized again where the model normalizes. Default: all. */
  readonly dimensions?: number | undefined;
}

/** How texts are embedded. */
export interface EmbedOptions<Detail extends boolean = boolean> extends CallOptions {
  /**
   * What the texts are: "query" or "document" (the checkpoint's prompt "document", "passage" or "corpus", the first that
   * it has), or the name of another of its prompts. Where the checkpoint has no prompt for queries or documents, and by
   * default, its default prompt stands before every text, if it names one.
   */
  readonly prompt?: "query" | "document" | (string & {}) | undefined;
  /** A prompt word for word, instead of one of the checkpoint's. */
  readonly promptText?: string | undefined;
  /** As `EmbedderOptions.dimensions`, for this call. */
  readonly dimensions?: number | undefined;
  /** What becomes of texts longer than `maxLength`: cut at the end, or refused. Default: "truncate". */
  readonly truncation?: "truncate" | "error" | undefined;
  /** Whether results also tell what was read of the text. Default: false. */
  readonly detail?: Detail | undefined;
}

/** An embedding, and what it was made from. */
export interface EmbeddingDetail extends ReadingDetail {
  readonly embedding: Float32Array; // [dimensions]
}

/** One text's result: the vector alone, or with `detail: true` what it was made from. */
export type EmbeddingOf<Detail extends boolean> = Detail extends true ? EmbeddingDetail : Float32Array;

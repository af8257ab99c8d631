import type { Backend, BackendName } from "../backends/backend.ts";
import type { OnProgress } from "./progress.ts";

/** How a model is opened. */
export interface EmbedderOptions {
  /**
   * Which backend computes, by name, or one that is already open and may be shared by several models. Default: the
   * best there is, unless the environment variable `CLOZE_BACKEND` names one.
   */
  readonly backend?: BackendName | Backend | undefined;
  /** Threads to compute with. Default: the physical cores that this process may use. */
  readonly threads?: number | undefined;
  /** What the weights are kept in. Default: "f32". */
  readonly dtype?: "f32" | undefined;
  /** Tokens that a text may have, special ones included. Default: as the checkpoint says; its positions are the most. */
  readonly maxLength?: number | undefined;
  /** Length of the embeddings: their first numbers (Matryoshka), normalized again where the model normalizes. Default: all. */
  readonly dimensions?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** How texts are embedded. */
export interface EmbedOptions<Detail extends boolean = boolean> {
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
  /** Most tokens of one run; a longer text runs alone. Default: 256 for each thread, at least 512. */
  readonly batchTokens?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after every run. */
  readonly onProgress?: OnProgress | undefined;
}

/** An embedding, and what it was made from. */
export interface EmbeddingDetail {
  readonly embedding: Float32Array; // [dimensions]
  /** Tokens that the model read, prompt and special ones included. */
  readonly tokens: number;
  /** Whether the text was longer than that. */
  readonly truncated: boolean;
  /** UTF-16 units at the end of the text that the model did not read; 0 unless it was truncated. */
  readonly droppedCharacters: number;
}

/** One text's result: the vector alone, or with `detail: true` what it was made from. */
export type EmbeddingOf<Detail extends boolean> = Detail extends true ? EmbeddingDetail : Float32Array;

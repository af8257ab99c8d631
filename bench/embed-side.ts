import type { Side } from "./side-process.ts";

/** What a side says when it has embedded its first text. */
export interface ReadyMessage {
  /** From the end of its imports to the first embedding. */
  firstMilliseconds: number;
  /** What computes, for the report. */
  description: string;
}

export interface EmbedRequest {
  texts: readonly string[];
  /** How the peer is to go through them; Cloze orders texts by itself. */
  order?: "in-order" | "sorted";
  /** Ask with every text alone, this many times over, and tell the median time of a call. */
  calls?: number;
  /** Send the embeddings back too. */
  keep?: boolean;
}

export interface EmbedReply {
  milliseconds: number;
  embeddings?: Float32Array[];
  /** Peak memory of the process so far, in MB. */
  peakMemory: number;
}

/** A side that turns texts into embeddings. */
export type EmbedSide<Ready = unknown> = Side<EmbedRequest, EmbedReply, Ready>;

import type { Side } from "../side-process.ts";

/** A batch of equal texts, how many calls the median is of, and what is measured of the machine right after them. */
export interface ForwardRequest {
  readonly texts: number;
  readonly tokens: number;
  readonly calls: number;
  /** Operations a second in registers, or bytes a second that are read. Cloze's side alone measures them. */
  readonly limit?: "peak" | "reading";
}

export interface ForwardReply {
  readonly milliseconds: number;
  /** The first numbers of the result. */
  readonly first: readonly number[];
  /** The limit that was asked for. */
  readonly limit?: number;
}

/** A side that passes batches through a model. */
export type ForwardSide = Side<ForwardRequest, ForwardReply>;

import { pool } from "../engine/ops/pool.ts";
import { InputError } from "../errors.ts";
import type { Tail } from "./model-graph.ts";

/** Inputs of these programs: token vectors that the encoder computed before -> f32 [T, D] ... */
export const TOKEN_VECTORS = "tokenVectors";
/** ... and where each text's rows start; the last is S -> i32 [B + 1] */
export const ROW_OFFSETS = "rowOffsets";

/**
 * Adds the masked-word head on given token vectors: `wordLogits` [S, V], and `wordMaxima` [B, V], the largest logit of
 * each word over a text's rows. The vectors of a batch can so be passed in chunks: [T, V] of all of it would be far larger
 * than the model.
 */
export const wordTail: Tail = ({ graph, encoded, headOn }) => {
  const columns = encoded.hidden.shape[1] as number;
  const { logits } = headOn(graph.input(TOKEN_VECTORS, ["tokens", columns], "f32"));
  if (logits === undefined) throw new InputError("Word weights need a masked-word head.");
  const offsets = graph.input(ROW_OFFSETS, ["texts+1"], "i32", { covers: "rows" });
  return { wordLogits: logits, wordMaxima: pool(logits, offsets, "max") };
};

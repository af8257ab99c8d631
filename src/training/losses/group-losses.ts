/** Losses that choose one of several: a token of a text, or a text of a group. */
import type { Value } from "../../engine/graph.ts";
import { concat } from "../../engine/ops/columns.ts";
import { add, affine, multiply } from "../../engine/ops/elementwise.ts";
import { embedding, gatherRows } from "../../engine/ops/embedding.ts";
import { crossEntropy } from "../../engine/ops/losses.ts";
import { pool } from "../../engine/ops/pool.ts";
import { logSoftmax } from "../../engine/ops/softmax.ts";
import { sumColumns } from "../../engine/ops/sum.ts";
import { columnsOf } from "../../engine/shape.ts";
import type { BatchInputs } from "../../nn/batch-inputs.ts";
import { LEFT_OUT } from "./embedding-losses.ts";
import type { LossTerm } from "./loss-term.ts";

/**
 * Cross-entropies of the tokens of each text: which of them is meant, as where an answer starts. Scores [T, 1] by name, each
 * against the i32 input `${name}Labels` [B], a place in the text. Besides, the inputs of `tokenPlaces`.
 *
 * @param longest tokens of the longest text
 */
export function tokenLosses(
  scores: { readonly [name: string]: Value },
  { graph, offsets }: BatchInputs,
  longest: number,
): LossTerm[] {
  const identity = new Float32Array(longest * longest);
  for (let i = 0; i < longest; i++) identity[i * longest + i] = 1;
  const table = graph.constant("places", identity, [longest, longest]);
  const places = embedding(table, graph.input("tokenPlaces", ["tokens"], "i32", { bound: longest })); // [T, longest]
  const lengths = graph.input("textLengths", ["texts", 1], "f32");
  const beyond = graph.input("beyondText", ["texts", longest], "f32");
  return Object.entries(scores).map(([name, column]) => {
    // The sum over a text's tokens, of which one is not 0 in each column: the scores side by side.
    const byText = add(multiply(pool(multiply(places, column), offsets, "mean"), lengths), beyond); // [B, longest]
    return { name, rows: crossEntropy(byText, graph.input(`${name}Labels`, ["texts"], "i32")) };
  });
}

/** The inputs that `tokenLosses` need besides labels, for texts of so many tokens. */
export function tokenPlaces(lengths: readonly number[], longest: number) {
  const beyondText = Float32Array.from({ length: lengths.length * longest }, (_, at) =>
    at % longest < lengths[Math.floor(at / longest)]! ? 0 : LEFT_OUT,
  );
  return {
    tokenPlaces: Int32Array.from(lengths.flatMap((length) => [...Array(length).keys()])),
    textLengths: Float32Array.from(lengths),
    beyondText,
  };
}

/**
 * Cross-entropy of the texts of each group: softmax of their scores [B, 1] against the f32 input `${name}Targets`
 * [G, size], shares that add up to 1. Besides, the inputs of `groupMembers`.
 *
 * @param size texts of the largest group
 */
export function groupLoss(name: string, scores: Value, size: number): LossTerm {
  return { name, rows: shareLoss(name, byGroup(scores, size)) };
}

/** The scores of each group's texts side by side, the rest left out -> [G, size] */
function byGroup(scores: Value, size: number): Value {
  const { graph } = scores;
  const columns = Array.from({ length: size }, (_, k) =>
    gatherRows(scores, graph.input(`member${k}`, ["groups", 1], "i32", { bound: "texts" })),
  );
  return add(beside(columns), graph.input("beyondGroup", ["groups", size], "f32"));
}

/** Columns as one matrix. */
export function beside(columns: readonly Value[]): Value {
  return columns.reduce((all, column) => concat(all, column));
}

/** -(sum of share x log softmax(scores)) of each row against the f32 input `${name}Targets`, of the same shape -> [R, 1] */
export function shareLoss(name: string, scores: Value): Value {
  const shares = scores.graph.input(`${name}Targets`, [scores.shape[0]!, columnsOf(scores)], "f32");
  return affine(sumColumns(multiply(logSoftmax(scores), shares)), -1);
}

/** The inputs that `groupLoss` needs besides targets, for groups of so many texts each, one after another. */
export function groupMembers(counts: readonly number[], size: number): { [name: string]: Int32Array | Float32Array } {
  let next = 0;
  const starts = counts.map((count) => {
    next += count;
    return next - count;
  });
  const beyondGroup = Float32Array.from({ length: counts.length * size }, (_, at) =>
    at % size < counts[Math.floor(at / size)]! ? 0 : LEFT_OUT,
  );
  const members = Array.from({ length: size }, (_, k) => {
    return [`member${k}`, Int32Array.from(starts, (start, g) => (k < counts[g]! ? start + k : start))] as const;
  });
  return { beyondGroup, ...Object.fromEntries(members) };
}

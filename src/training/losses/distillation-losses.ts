/**
 * Losses of embeddings [B, D] against a teacher's scores. A step has N rows of up to M texts: a row's own, then negatives. The
 * i32 inputs `anchors` and `text0` ... [N, 1] say which texts of the batch these are. A score is `scale` x cosine.
 */
import type { Value } from "../../engine/graph.ts";
import { slice } from "../../engine/ops/columns.ts";
import { add, affine, multiply } from "../../engine/ops/elementwise.ts";
import { logSoftmax } from "../../engine/ops/softmax.ts";
import { sumColumns } from "../../engine/ops/sum.ts";
import { softmax } from "../../tasks/score-activation.ts";
import { type EmbeddingRowLoss, LEFT_OUT, textsOf } from "./embedding-losses.ts";
import { beside } from "./group-losses.ts";

/** Size of a step, and what cosines are multiplied by. */
export interface DistillationShape {
  readonly rows: number;
  /** Texts of the row that has most. */
  readonly texts: number;
  readonly scale: number;
}

/** The score of each row's texts -> [N, M] */
function scoresOf(embeddings: Value, { rows, texts, scale }: DistillationShape): Value {
  const anchors = textsOf(embeddings, "anchors", rows);
  const columns = Array.from({ length: texts }, (_, k) =>
    sumColumns(multiply(anchors, textsOf(embeddings, `text${k}`, rows))),
  );
  return affine(beside(columns), scale);
}

/**
 * The Kullback-Leibler divergence of the softmax of a row's scores from that of the teacher's. The f32 inputs
 * `teacherShares` [N, M] are the latter, `teacherEntropy` [N, 1] is the sum of -share x log share, `beyondRow` [N, M] leaves
 * out what rows lack. Source: sentence_transformers/losses/DistillKLDivLoss.py, with temperature 1.
 */
export function divergenceLoss(shape: DistillationShape): EmbeddingRowLoss {
  return (embeddings) => {
    const { graph } = embeddings;
    const size = [shape.rows, shape.texts];
    const logs = logSoftmax(add(scoresOf(embeddings, shape), graph.input("beyondRow", size, "f32")));
    const cross = affine(sumColumns(multiply(logs, graph.input("teacherShares", size, "f32"))), -1);
    return add(cross, affine(graph.input("teacherEntropy", [shape.rows, 1], "f32"), -1));
  };
}

/**
 * Squared difference of margins: a row's own text's score less each negative's, against the teacher's, the f32 input
 * `teacherMargins` [N, M]; the mean over the row's negatives by `marginShares` [N, M], which is 0 for the row's own.
 * Source: Hofstätter et al., arXiv 2010.02666.
 */
export function marginLoss(shape: DistillationShape): EmbeddingRowLoss {
  return (embeddings) => {
    const { graph } = embeddings;
    const size = [shape.rows, shape.texts];
    const scores = scoresOf(embeddings, shape);
    const margins = affine(add(scores, affine(slice(scores, 0, 1), -1)), -1); // [N, M]
    const difference = add(margins, affine(graph.input("teacherMargins", size, "f32"), -1));
    return sumColumns(multiply(multiply(difference, difference), graph.input("marginShares", size, "f32")));
  };
}

/** What the two losses need of the teacher, for rows of the texts' scores; rows that lack some, or all, have fewer. */
export function teacherInputs(scores: readonly (readonly number[])[], texts: number) {
  const size = scores.length * texts;
  const inputs = {
    teacherShares: new Float32Array(size),
    teacherEntropy: new Float32Array(scores.length),
    beyondRow: new Float32Array(size).fill(LEFT_OUT),
    teacherMargins: new Float32Array(size),
    marginShares: new Float32Array(size),
  };
  for (const [row, own] of scores.entries()) {
    const shares = softmax(own);
    inputs.teacherEntropy[row] = shares.reduce((sum, share) => sum - (share > 0 ? share * Math.log(share) : 0), 0);
    for (const [k, score] of own.entries()) {
      const at = row * texts + k;
      inputs.teacherShares[at] = shares[k]!;
      inputs.beyondRow[at] = 0;
      inputs.teacherMargins[at] = own[0]! - score;
      if (k > 0) inputs.marginShares[at] = 1 / (own.length - 1);
    }
  }
  return inputs;
}

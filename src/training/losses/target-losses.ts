/** Losses of one output against targets that the run gives. */
import type { Value } from "../../engine/graph.ts";
import { add, affine, multiply } from "../../engine/ops/elementwise.ts";
import { binaryCrossEntropy, crossEntropy } from "../../engine/ops/losses.ts";
import { softmax } from "../../engine/ops/softmax.ts";
import { sumColumns } from "../../engine/ops/sum.ts";
import { columnsOf, rowsOf } from "../../engine/shape.ts";
import type { LossTerm } from "./loss-term.ts";

/**
 * Cross-entropy of logits [R, C] against the i32 input `${name}Labels` [R]; rows with a negative label have no loss.
 *
 * @param smoothing share of the target spread over all classes. Default: 0.
 */
export function labelLoss(name: string, logits: Value, smoothing = 0): LossTerm {
  const labels = logits.graph.input(`${name}Labels`, [rowsOf(logits)], "i32");
  return { name, rows: crossEntropy(logits, labels, smoothing) };
}

/**
 * The focal loss: `labelLoss` times (1 - p)^gamma, p being the probability of the label, so that rows known already count
 * less. 1 - p is summed over the other classes, which the f32 input `${name}Others` [R, C] has as 1 and the label as 0.
 * Source: Lin et al., arXiv 1708.02002.
 *
 * @param gamma a whole number, 1 or more
 */
export function focalLoss(name: string, logits: Value, gamma: number, smoothing = 0): LossTerm {
  const others = logits.graph.input(`${name}Others`, [rowsOf(logits), columnsOf(logits)], "f32");
  const wrong = sumColumns(multiply(softmax(logits), others)); // [R, 1]
  let { rows } = labelLoss(name, logits, smoothing);
  for (let power = 0; power < gamma; power++) rows = multiply(rows, wrong);
  return { name, rows };
}

/** Binary cross-entropy of logits [R, C] against the f32 input `${name}Targets` [R, C], the mean over the columns. */
export function binaryLoss(name: string, logits: Value): LossTerm {
  const rows = binaryCrossEntropy(logits, targetsOf(name, logits));
  return { name, rows: affine(rows, 1 / columnsOf(logits)) };
}

/** Squared error of [R, C] against the f32 input `${name}Targets` [R, C], the mean over the columns. */
export function squaredLoss(name: string, predicted: Value): LossTerm {
  const difference = add(predicted, affine(targetsOf(name, predicted), -1));
  return { name, rows: affine(sumColumns(multiply(difference, difference)), 1 / columnsOf(predicted)) };
}

function targetsOf(name: string, like: Value): Value {
  return like.graph.input(`${name}Targets`, [rowsOf(like), columnsOf(like)], "f32");
}

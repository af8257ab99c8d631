/**
 * Losses of embeddings [B, D]. A step has a fixed number of rows N; the i32 inputs `anchors`, `positives`, `negatives` [N, 1]
 * say which texts a row is of. Likeness is the cosine.
 */
import type { Value } from "../../engine/graph.ts";
import { concat, slice } from "../../engine/ops/columns.ts";
import { activation, add, affine, multiply } from "../../engine/ops/elementwise.ts";
import { gatherRows } from "../../engine/ops/embedding.ts";
import { crossEntropy } from "../../engine/ops/losses.ts";
import { matmul } from "../../engine/ops/matmul.ts";
import { normalize } from "../../engine/ops/norm.ts";
import { sumColumns } from "../../engine/ops/sum.ts";
import { columnsOf } from "../../engine/shape.ts";
import { InputError } from "../../errors.ts";

/** Makes the loss of each row from embeddings -> [N, 1] */
export type EmbeddingRowLoss = (embeddings: Value) => Value;

/** A score that leaves a candidate out. */
export const LEFT_OUT = -1e9;
/** e to this is nothing beside the sums that it is added to. */
const NOTHING = -30;

/** The embeddings of the texts that the input of that name lists, of length 1 -> [count, D] */
export function textsOf(embeddings: Value, name: string, count: number): Value {
  const index = embeddings.graph.input(name, [count, 1], "i32", { bound: "texts" });
  return normalize(gatherRows(embeddings, index));
}

/** The cosine of each row's texts -> [N, 1] */
function likeness(embeddings: Value, rows: number, other: "positives" | "negatives"): Value {
  return sumColumns(multiply(textsOf(embeddings, "anchors", rows), textsOf(embeddings, other, rows)));
}

/**
 * Multiple negatives ranking: each anchor's own text against all `candidates`, as classes. The f32 input
 * `candidateBias` [N, M] leaves candidates out that are right, too; i32 `rightCandidates` [N, 1] names the right one. With
 * `symmetric` also each positive against all anchors (`anchorBias` [N, N]), the mean of both.
 * Source: Henderson et al., arXiv 1705.00652.
 */
export function rankingLoss(
  rows: number,
  candidates: number,
  { scale, symmetric }: { readonly scale: number; readonly symmetric: boolean },
): EmbeddingRowLoss {
  return (embeddings) => {
    const { graph } = embeddings;
    const anchors = textsOf(embeddings, "anchors", rows);
    const against = (queries: Value, texts: Value, count: number, bias: string) => {
      const scores = affine(matmul(queries, texts, { transposeB: true }), scale);
      const right = graph.input("rightCandidates", [rows, 1], "i32");
      return crossEntropy(add(scores, graph.input(bias, [rows, count], "f32")), right);
    };
    const forth = against(anchors, textsOf(embeddings, "candidates", candidates), candidates, "candidateBias");
    if (!symmetric) return forth;
    const back = against(textsOf(embeddings, "positives", rows), anchors, rows, "anchorBias");
    return affine(add(forth, back), 0.5);
  };
}

/**
 * AnglE's likeness, which does not level off as the cosine does: halves of an embedding as real and imaginary part, the sum of
 * both parts of the quotient x / y of length 1, its size -> [N, 1]. Source: Li & Li, arXiv 2309.12871;
 * sentence_transformers/util/similarity.py (pairwise_angle_sim).
 */
function angle(embeddings: Value, rows: number): Value {
  const [x, y] = [textsOf(embeddings, "anchors", rows), textsOf(embeddings, "positives", rows)];
  const size = columnsOf(x);
  if (size % 2 !== 0)
    throw new InputError(`The angle loss halves embeddings; these have ${size} numbers, an odd count.`);
  const [a, b, c, d] = [x, y].flatMap((z) => [slice(z, 0, size / 2), slice(z, size / 2, size / 2)]) as [
    Value,
    Value,
    Value,
    Value,
  ];
  const real = add(multiply(a, c), multiply(b, d));
  const imaginary = add(multiply(b, c), affine(multiply(a, d), -1));
  const sum = sumColumns(add(real, imaginary));
  return add(activation(sum, "relu"), activation(affine(sum, -1), "relu"));
}

/**
 * CoSENT: log(1 + the sum over pairs of rows of e^(scale x (the less alike's cosine - the more alike's))). The f32 input
 * `orderBias` [N, N] is 0 where row i is less alike than row j, else `LEFT_OUT`; i32 `lastClasses`
 * [N, 1] and `lastClass` [1, 1] hold N. One number for the step, in its one row.
 * Source: Su, "CoSENT", 2022; sentence_transformers/losses/CoSENTLoss.py.
 */
export function cosentLoss(rows: number, { scale }: { readonly scale: number }): EmbeddingRowLoss {
  return orderLoss(rows, scale, (embeddings) => likeness(embeddings, rows, "positives"));
}

/** As `cosentLoss`, of AnglE's likeness instead of the cosine. */
export function angleLoss(rows: number, { scale }: { readonly scale: number }): EmbeddingRowLoss {
  return orderLoss(rows, scale, (embeddings) => angle(embeddings, rows));
}

function orderLoss(rows: number, scale: number, alike: (embeddings: Value) => Value): EmbeddingRowLoss {
  return (embeddings) => {
    const { graph } = embeddings;
    const scores = affine(alike(embeddings), scale);
    const ones = graph.constant("ones", new Float32Array(rows).fill(1), [rows, 1]);
    const differences = add(
      matmul(scores, ones, { transposeB: true }),
      affine(matmul(ones, scores, { transposeB: true }), -1),
    );
    const counted = add(differences, graph.input("orderBias", [rows, rows], "f32"));
    // The log of a sum of powers is the cross-entropy of a further class, and that class's logit.
    const further = (x: Value, count: number, logit: number, input: string) => {
      const column = graph.constant(`logit ${logit}`, new Float32Array(count).fill(logit), [count, 1]);
      return affine(crossEntropy(concat(x, column), graph.input(input, [count, 1], "i32")), 1, logit);
    };
    const identity = new Float32Array(rows * rows);
    for (let i = 0; i < rows; i++) identity[i * rows + i] = 1;
    const sums = further(counted, rows, NOTHING, "lastClasses");
    const asRow = matmul(sums, graph.constant("identity", identity, [rows, rows]), { transposeA: true }); // [1, N]
    return further(asRow, 1, 0, "lastClass");
  };
}

/** Squared difference of cosine and the f32 input `gold` [N, 1], from -1 to 1. */
export function cosineLoss(rows: number): EmbeddingRowLoss {
  return (embeddings) => {
    const gold = embeddings.graph.input("gold", [rows, 1], "f32");
    const difference = add(likeness(embeddings, rows, "positives"), affine(gold, -1));
    return multiply(difference, difference);
  };
}

/** The anchor must be nearer to the positive than to the negative, by `margin` of cosine distance. */
export function tripletLoss(rows: number, { margin }: { readonly margin: number }): EmbeddingRowLoss {
  return (embeddings) => {
    const [near, far] = [likeness(embeddings, rows, "positives"), likeness(embeddings, rows, "negatives")];
    return activation(affine(add(far, affine(near, -1)), 1, margin), "relu");
  };
}

/**
 * Half of the squared cosine distance where the f32 input `gold` [N, 1] is 1, and of what it lacks of `margin` where it is
 * 0. Source: Hadsell et al., CVPR 2006.
 */
export function contrastiveLoss(rows: number, { margin }: { readonly margin: number }): EmbeddingRowLoss {
  return (embeddings) => {
    const gold = embeddings.graph.input("gold", [rows, 1], "f32");
    const distance = affine(likeness(embeddings, rows, "positives"), -1, 1);
    const lacking = activation(affine(distance, -1, margin), "relu");
    const alike = multiply(gold, multiply(distance, distance));
    const unlike = multiply(affine(gold, -1, 1), multiply(lacking, lacking));
    return affine(add(alike, unlike), 0.5);
  };
}

import type { OpName } from "../../op-table.ts";
import type { ReferenceKernel } from "../kernel.ts";
import * as attention from "./attention.ts";
import * as backward from "./backward.ts";
import * as elementwise from "./elementwise.ts";
import * as linear from "./linear.ts";
import * as norms from "./norms.ts";
import * as rows from "./rows.ts";
import * as texts from "./texts.ts";
import * as training from "./training.ts";
import * as update from "./update.ts";

/** Every operation of the op table. */
export const REFERENCE_KERNELS: { readonly [N in OpName]: ReferenceKernel<N> } = {
  linear: linear.linear,
  matmul: linear.matmul,
  embedding: rows.embedding,
  embeddingSum: rows.embeddingSum,
  add: elementwise.add,
  multiply: elementwise.multiply,
  affine: elementwise.affine,
  activation: elementwise.activation,
  gatedUnit: elementwise.gatedUnit,
  layerNorm: norms.layerNorm,
  rmsNorm: norms.rmsNorm,
  rotary: elementwise.rotary,
  attention: attention.attention,
  attentionScores: attention.attentionScores,
  attentionSoftmax: attention.attentionSoftmax,
  attentionMix: attention.attentionMix,
  pool: texts.pool,
  normalize: norms.normalize,
  gatherRows: rows.gatherRows,
  softmax: norms.softmax,
  logSoftmax: norms.logSoftmax,
  concat: rows.concat,
  slice: rows.slice,
  shiftRows: texts.shiftRows,
  fourier: texts.fourier,
  scatterRows: backward.scatterRows,
  sumRows: backward.sumRows,
  padColumns: backward.padColumns,
  activationGradient: backward.activationGradient,
  layerNormGradient: backward.layerNormGradient,
  rmsNormGradient: backward.rmsNormGradient,
  normalizeGradient: backward.normalizeGradient,
  softmaxGradient: backward.softmaxGradient,
  logSoftmaxGradient: backward.logSoftmaxGradient,
  poolGradient: backward.poolGradient,
  attentionSoftmaxGradient: backward.attentionSoftmaxGradient,
  relativeBiasGradient: backward.relativeBiasGradient,
  disentangledGradient: backward.disentangledGradient,
  dropout: training.dropout,
  crossEntropy: training.crossEntropy,
  crossEntropyGradient: training.crossEntropyGradient,
  binaryCrossEntropy: training.binaryCrossEntropy,
  binaryCrossEntropyGradient: training.binaryCrossEntropyGradient,
  rowSquares: training.rowSquares,
  accumulate: update.accumulate,
  average: update.average,
  adamW: update.adamW,
  stableAdamW: update.stableAdamW,
  lion: update.lion,
  adafactor: update.adafactor,
};

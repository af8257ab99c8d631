import type { CommonConfig } from "../checkpoints/config-reader.ts";
import type { ModuleActivation } from "../checkpoints/sentence-modules.ts";
import { InputError } from "../errors.ts";

/** What turns the logits of classes into scores, as a caller may ask for it. */
export type ScoreActivation = "softmax" | "sigmoid" | "none";
/** As a checkpoint may state it. */
export type StatedActivation = ScoreActivation | ModuleActivation;

const ACTIVATIONS: readonly ScoreActivation[] = ["softmax", "sigmoid", "none"];

/**
 * What a checkpoint's scores are made with: what a cross-encoder states; else what its `problem_type` means; else, of one
 * label, a sigmoid (a softmax of one would always be 1), and of several a softmax. As the text-classification pipeline of
 * transformers, which does not look at what cross-encoders state.
 */
export function statedActivation(
  { problemType }: Pick<CommonConfig, "problemType">,
  labels: number,
  stated?: ModuleActivation,
): StatedActivation {
  if (stated !== undefined) return stated;
  if (problemType === "regression") return "none";
  return problemType === "multi_label_classification" || labels === 1 ? "sigmoid" : "softmax";
}

/** @throws InputError when there is no such activation, or it is a softmax of one. */
export function checkActivation(activation: StatedActivation, asked: unknown, labels: number): StatedActivation {
  if (asked === undefined) return activation;
  const known = ACTIVATIONS.find((name) => name === asked);
  if (known === undefined) throw new InputError(`activation is "${asked}"; expected "softmax", "sigmoid" or "none".`);
  if (known === "softmax" && labels === 1) {
    throw new InputError(
      'activation is "softmax", but this model has one label, of which a softmax is always 1. Pass "sigmoid" or "none".',
    );
  }
  return known;
}

/** The scores of one input's logits. */
export function applyActivation(logits: readonly number[], activation: StatedActivation): number[] {
  return activation === "softmax" ? softmax(logits) : logits.map(POINTWISE[activation]);
}

export function softmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const powers = logits.map((x) => Math.exp(x - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

const POINTWISE: { readonly [A in Exclude<StatedActivation, "softmax">]: (x: number) => number } = {
  none: (x) => x,
  sigmoid,
  tanh: Math.tanh,
  relu: (x) => Math.max(0, x),
  silu: (x) => x * sigmoid(x),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
};

import type { CommonConfig } from "../checkpoints/config-reader.ts";
import type { SentenceLayout } from "../checkpoints/sentence-transformers.ts";
import { ConfigError, InputError } from "../errors.ts";

/** What turns the logits of classes into scores, as a caller may ask for it. */
export type ScoreActivation = "softmax" | "sigmoid" | "none";
/** As a checkpoint may state it. */
export type StatedActivation = ScoreActivation | "tanh" | "relu" | "silu";

/** What a checkpoint says about its scores. */
export interface ScoreStatement {
  readonly labels: readonly string[];
  readonly config: Pick<CommonConfig, "problemType">;
  readonly layout: Pick<SentenceLayout, "kind" | "scoreActivation"> | undefined;
}

/**
 * What scores are made with: what the caller asks for; else what a cross-encoder states; else what the config's
 * `problem_type` means; else of one label a sigmoid (a softmax of one is always 1) and of several a softmax. As the
 * text-classification pipeline of transformers, which does not look at what cross-encoders state.
 *
 * @throws InputError when the caller asks for none of these, or for the softmax of one; ConfigError when the checkpoint
 *   states a function that is not known for scores.
 */
export function chooseActivation(
  { labels, config, layout }: ScoreStatement,
  asked?: ScoreActivation,
): StatedActivation {
  if (asked !== undefined) return checkAsked(asked, labels.length);
  const stated = layout?.kind === "cross-encoder" ? layout.scoreActivation : undefined;
  if (stated === "gelu") throw new ConfigError('activation_fn is "GELU", which is not known for scores.');
  if (stated !== undefined) return stated;
  if (config.problemType === "regression") return "none";
  return config.problemType === "multi_label_classification" || labels.length === 1 ? "sigmoid" : "softmax";
}

function checkAsked(asked: ScoreActivation, labels: number): ScoreActivation {
  if (asked === "softmax" && labels === 1) {
    throw new InputError(
      'activation is "softmax", but this model has one label, of which a softmax is always 1. Pass "sigmoid" or "none".',
    );
  }
  if (asked === "softmax" || asked === "sigmoid" || asked === "none") return asked;
  throw new InputError(`activation is "${asked}"; expected "softmax", "sigmoid" or "none".`);
}

/** The scores of one input's logits; a softmax divides them by `temperature` first. */
export function applyActivation(logits: readonly number[], activation: StatedActivation, temperature = 1): number[] {
  return activation === "softmax" ? softmax(logits, temperature) : logits.map(POINTWISE[activation]);
}

export function softmax(logits: readonly number[], temperature = 1): number[] {
  const largest = Math.max(...logits);
  const powers = logits.map((x) => Math.exp((x - largest) / temperature));
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
};

import { uniform } from "../../backends/random.ts";
import { InputError } from "../../errors.ts";

/** What ERNIE masks: single tokens, then phrases, then entities. */
export type KnowledgeStage = "basic" | "phrase" | "entity";

const STAGES: readonly KnowledgeStage[] = ["basic", "phrase", "entity"];

/** How the steps of a run are shared among ERNIE's stages. */
export interface KnowledgeOptions {
  /** Steps in all. */
  readonly steps: number;
  /** The share of the steps that each stage gets. Default: a third each. */
  readonly shares?: { readonly [stage in KnowledgeStage]: number } | undefined;
}

/**
 * Which stage of ERNIE's knowledge masking a step belongs to: basic, then phrase, then entity. Source: Sun et al., "ERNIE:
 * Enhanced Representation through Knowledge Integration", 2019, section 3.2.
 *
 * @throws InputError when shares are below 0 or all 0.
 */
export function knowledgeStage(step: number, { steps, shares }: KnowledgeOptions): KnowledgeStage {
  const weights = STAGES.map((stage) => shares?.[stage] ?? 1);
  const sum = weights.reduce((all, weight) => all + weight, 0);
  if (weights.some((weight) => weight < 0) || !(sum > 0)) {
    throw new InputError(`The shares of the stages are ${weights.join(", ")}; expected 0 or more, and not all 0.`);
  }
  let left = (step / steps) * sum;
  const found = STAGES.findIndex((_, i) => {
    left -= weights[i]!;
    return left < 0;
  });
  return STAGES[found] ?? STAGES[weights.findLastIndex((weight) => weight > 0)]!;
}

/**
 * Which of several objectives a step trains, as ERNIE 2.0's continual multi-task learning takes them in turn: drawn by
 * weight, the same for a seed.
 */
export function objectiveAt<Name>(
  step: number,
  objectives: readonly { readonly name: Name; readonly weight: number }[],
  { seed }: { readonly seed: number },
): Name {
  const sum = objectives.reduce((all, { weight }) => all + weight, 0);
  let left = uniform(seed, step) * sum;
  for (const { name, weight } of objectives) {
    left -= weight;
    if (left < 0) return name;
  }
  const last = objectives.at(-1);
  if (last === undefined) throw new InputError("There is no objective; expected one or more.");
  return last.name;
}

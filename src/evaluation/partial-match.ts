/** Entities that are nearly right. */
import type { PrecisionRecallF1 } from "./class-scores.ts";
import type { EntityOptions, TaggedEntity } from "./entities.ts";
import { entityPairs } from "./tag-scores.ts";

/**
 * What must be right: `strict` range and type; `exact` the range; `partial` the range, where an overlap counts half;
 * `type` the type of an entity that overlaps.
 */
export type MatchRule = "strict" | "exact" | "partial" | "type";

/** Predictions and gold entities, each counted once. */
export interface MatchCounts extends PrecisionRecallF1 {
  readonly correct: number;
  readonly incorrect: number;
  /** Ranges that overlap only; `partial` counts them, half each. */
  readonly partial: number;
  /** Gold entities that no prediction touches. */
  readonly missed: number;
  /** Predictions that touch no gold entity. */
  readonly spurious: number;
}

type Outcome = "correct" | "incorrect" | "partial";

const RULES: readonly MatchRule[] = ["strict", "exact", "partial", "type"];

/**
 * Scores entities by four rules. Each prediction goes with the gold entity of its own range, else with the first free one
 * that it overlaps, those of its type before others; an entity is matched once. Source: Segura-Bedmar et al., "SemEval-2013 Task 9", after MUC-5.
 *
 * @throws InputError when sequences differ in number or length, or a tag marks no entity.
 */
export function partialMatch(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  options: EntityOptions = {},
): { readonly [rule in MatchRule]: MatchCounts } {
  const counts = new Map(RULES.map((rule) => [rule, { correct: 0, incorrect: 0, partial: 0 }]));
  let [missed, spurious] = [0, 0];
  for (const [expected, got] of entityPairs(gold, predicted, options)) {
    const pairs = matchEntities(expected, got);
    missed += expected.length - pairs.length;
    spurious += got.length - pairs.length;
    for (const [entity, prediction] of pairs) {
      for (const rule of RULES) counts.get(rule)![outcomeOf(rule, entity, prediction)]++;
    }
  }
  const score = (rule: MatchRule) => scoreMatches({ ...counts.get(rule)!, missed, spurious });
  return { strict: score("strict"), exact: score("exact"), partial: score("partial"), type: score("type") };
}

function matchEntities(gold: readonly TaggedEntity[], predicted: readonly TaggedEntity[]) {
  const free = new Set(gold);
  const pairs: [TaggedEntity, TaggedEntity][] = [];
  const take = (prediction: TaggedEntity, fits: (entity: TaggedEntity) => boolean): boolean => {
    const entity = [...free].find(fits);
    if (entity === undefined) return false;
    free.delete(entity);
    pairs.push([entity, prediction]);
    return true;
  };
  const inexact = predicted.filter((one) => !take(one, (entity) => hasSameRange(entity, one)));
  const overlaps = (a: TaggedEntity, b: TaggedEntity) => a.start < b.end && b.start < a.end;
  const others = inexact.filter((one) => !take(one, (entity) => entity.type === one.type && overlaps(entity, one)));
  for (const one of others) take(one, (entity) => overlaps(entity, one));
  return pairs;
}

function outcomeOf(rule: MatchRule, gold: TaggedEntity, predicted: TaggedEntity): Outcome {
  const sameRange = hasSameRange(gold, predicted);
  const sameType = gold.type === predicted.type;
  if (rule === "partial") return sameRange ? "correct" : "partial";
  const isRight = rule === "type" ? sameType : sameRange && (rule === "exact" || sameType);
  return isRight ? "correct" : "incorrect";
}

function hasSameRange(a: TaggedEntity, b: TaggedEntity): boolean {
  return a.start === b.start && a.end === b.end;
}

function scoreMatches(counts: Omit<MatchCounts, keyof PrecisionRecallF1>): MatchCounts {
  const { correct, incorrect, partial, missed, spurious } = counts;
  const right = correct + partial / 2;
  const matched = correct + incorrect + partial;
  const precision = matched + spurious === 0 ? 0 : right / (matched + spurious);
  const recall = matched + missed === 0 ? 0 : right / (matched + missed);
  const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return { ...counts, precision, recall, f1 };
}

/** Precision, recall and F1 of entities: right when type, start and end are. */
import { InputError } from "../errors.ts";
import type { ClassCounts } from "./class-scores.ts";
import { sortLabels } from "./confusion.ts";
import { type EntityOptions, type TaggedEntity, taggedEntities } from "./entities.ts";
import { checkPaired } from "./paired.ts";

/**
 * Counts of each entity type over all sequences, for `averageScores` (micro is the figure that papers report) and
 * `classScores`. Without a scheme as seqeval's default mode and conlleval; with one as seqeval's strict mode.
 *
 * @throws InputError when sequences differ in number or length, or a tag is none of the scheme.
 */
export function countEntities(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  options: EntityOptions = {},
): ClassCounts[] {
  const counts = new Map<string, { support: number; predicted: number; correct: number }>();
  const of = (type: string) => {
    const found = counts.get(type) ?? { support: 0, predicted: 0, correct: 0 };
    counts.set(type, found);
    return found;
  };
  for (const [expected, got] of entityPairs(gold, predicted, options)) {
    const right = new Set(expected.map(keyOf));
    for (const { type } of expected) of(type).support++;
    for (const entity of got) {
      of(entity.type).predicted++;
      if (right.has(keyOf(entity))) of(entity.type).correct++;
    }
  }
  return sortLabels(counts.keys()).map((label) => ({ label, ...of(String(label)) }));
}

/** The entities of each sequence, gold and predicted. */
export function entityPairs(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  options: EntityOptions,
): (readonly [gold: TaggedEntity[], predicted: TaggedEntity[]])[] {
  checkPaired(gold, predicted, "sequences of tags");
  return gold.map((tags, i) => {
    if (tags.length !== predicted[i]!.length) {
      throw new InputError(`Sequence ${i} has ${tags.length} gold tags and ${predicted[i]!.length} predicted ones.`);
    }
    return [taggedEntities(tags, options), taggedEntities(predicted[i]!, options)];
  });
}

function keyOf({ type, start, end }: TaggedEntity): string {
  return `${start} ${end} ${type}`;
}

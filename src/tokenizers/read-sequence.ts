import type { Fields } from "./fields.ts";

/** A Sequence within a Sequence ... deeper than this is refused. */
const MAX_DEPTH = 8;
/** Every step reads the whole text. */
const MAX_STEPS = 64;

/** Reads the parts of a Sequence with `read`, which gets the depth they stand at. */
export function readSequence<T>(
  fields: Fields,
  key: string,
  depth: number,
  read: (part: Fields, depth: number) => T,
): T[] {
  if (depth >= MAX_DEPTH) throw fields.error(key, `is a Sequence ${depth} deep; at most ${MAX_DEPTH} are read.`);
  const parts = fields.objects(key);
  if (parts.length > MAX_STEPS) {
    throw fields.error(key, `has ${parts.length} steps; at most ${MAX_STEPS} are read.`);
  }
  return parts.map((part) => read(part, depth + 1));
}

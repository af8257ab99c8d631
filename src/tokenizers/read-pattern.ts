import type { Fields } from "./fields.ts";
import type { SplitPattern } from "./split-pattern.ts";

/** A pattern as tokenizer.json writes it: `{ "String": text }` or `{ "Regex": expression }`. */
export function readPattern(fields: Fields): SplitPattern {
  const pattern = fields.object("pattern");
  if (pattern.value("String") !== undefined) return { String: pattern.string("String") };
  return { Regex: pattern.string("Regex") };
}

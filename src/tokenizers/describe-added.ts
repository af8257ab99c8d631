import type { AddedTokenEntry } from "./added-vocabulary.ts";
import type { AddedTokenDescription } from "./describe-sentence-piece.ts";
import type { TokenizerConfig } from "./tokenizer-config.ts";

/** Special tokens and those that the configuration names, as tokenizer.json lists them; new ones get the next ids. */
export function describeAdded(
  special: Iterable<AddedTokenEntry>,
  config: TokenizerConfig,
  vocabulary: ReadonlyMap<string, number>,
): AddedTokenDescription[] {
  const unique = new Map([...special, ...config.added].map((entry) => [entry.content, entry]));
  let next = vocabulary.size;
  return [...unique.values()].map((entry) => ({
    id: vocabulary.get(entry.content) ?? next++,
    content: entry.content,
    single_word: entry.singleWord,
    lstrip: entry.stripsLeft,
    rstrip: entry.stripsRight,
    normalized: entry.normalized,
    special: entry.special,
  }));
}

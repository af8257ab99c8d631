import type { NormalizedText } from "../normalized-text.ts";
import { mapCharacters } from "./map-characters.ts";
import type { Normalizer } from "./normalizer.ts";

/**
 * Lower case character by character, as the reference does: a sigma at the end of a word becomes "σ" and not "ς", which
 * `String.toLowerCase` of a whole text would make of it.
 */
export class Lowercase implements Normalizer {
  readonly isLocal = true;

  normalize(source: NormalizedText): NormalizedText {
    const { text } = source;
    const lower = (text.includes("Σ") ? text.replaceAll("Σ", "σ") : text).toLowerCase();
    if (lower === text) return source;
    // Sigma is the only letter that depends on its surroundings, and U+0130 the only one whose length changes.
    if (lower.length === text.length) return source.withSameUnits(lower);
    return mapCharacters(source, lowerCharacter);
  }
}

function lowerCharacter(codePoint: number): string | undefined {
  const character = String.fromCodePoint(codePoint);
  const lower = character.toLowerCase();
  return lower === character ? undefined : lower;
}

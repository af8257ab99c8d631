import { Character, characterClasses } from "../characters.ts";
import type { NormalizedText } from "../normalized-text.ts";
import { mapCharacters } from "./map-characters.ts";
import type { Normalizer } from "./normalizer.ts";

/** Removes combining marks; follows a decomposition, as a rule. */
export class StripAccents implements Normalizer {
  readonly isLocal = true;
  private readonly classes = characterClasses();

  normalize(text: NormalizedText): NormalizedText {
    return mapCharacters(text, (code) => ((this.classes[code]! & Character.combiningMark) === 0 ? undefined : ""));
  }
}

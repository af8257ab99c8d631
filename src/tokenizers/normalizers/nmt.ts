import type { NormalizedText } from "../normalized-text.ts";
import { mapCharacters } from "./map-characters.ts";
import type { Normalizer } from "./normalizer.ts";

/** SentencePiece's cleaning ("nmt"): control characters go, what looks like a space becomes one. */
export class Nmt implements Normalizer {
  readonly isLocal = true;

  normalize(text: NormalizedText): NormalizedText {
    return mapCharacters(text, cleaned);
  }
}

function cleaned(code: number): string | undefined {
  if (code >= 0x20 && code < 0x7f) return undefined;
  if (code < 0x20) return code === 0 ? undefined : [0x9, 0xa, 0xc, 0xd].includes(code) ? " " : "";
  if (code === 0x7f || code === 0x8f || code === 0x9f) return "";
  const isSpace = (code >= 0x200b && code <= 0x200f) || SPACES.has(code);
  return isSpace ? " " : undefined;
}

const SPACES = new Set([0x1680, 0x2028, 0x2029, 0x2581, 0xfeff, 0xfffd]);

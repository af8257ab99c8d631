import { Character, characterClasses } from "../characters.ts";
import type { NormalizedText } from "../normalized-text.ts";
import { Lowercase } from "./lowercase.ts";
import { mapCharacters } from "./map-characters.ts";
import type { Normalizer } from "./normalizer.ts";
import { UnicodeForm } from "./unicode-form.ts";

export interface BertNormalizerOptions {
  /** Remove control characters and turn every whitespace character into a space. Default true. */
  cleanText?: boolean;
  /** Set ideographs off by spaces, so that each is a word. Default true. */
  separateIdeographs?: boolean;
  /** Default true. */
  lowercase?: boolean;
  /** Remove nonspacing marks after canonical decomposition. Default: as `lowercase`. */
  stripAccents?: boolean;
}

/** The cleaning that BERT was trained with. Source: google-research/bert, tokenization.py (BasicTokenizer). */
export class BertNormalizer implements Normalizer {
  readonly isLocal = true;
  /** Whether text may be cut before and after any ideograph, too. */
  readonly separatesIdeographs: boolean;
  private readonly cleanText: boolean;
  private readonly lowercase: Lowercase | undefined;
  private readonly decomposition: UnicodeForm | undefined;
  private readonly classes = characterClasses();

  constructor(options: BertNormalizerOptions = {}) {
    const { cleanText = true, separateIdeographs = true, lowercase = true, stripAccents = lowercase } = options;
    this.cleanText = cleanText;
    this.separatesIdeographs = separateIdeographs;
    this.lowercase = lowercase ? new Lowercase() : undefined;
    this.decomposition = stripAccents ? new UnicodeForm("NFD") : undefined;
  }

  normalize(text: NormalizedText): NormalizedText {
    if (this.cleanText) text = mapCharacters(text, this.clean);
    if (this.separatesIdeographs) text = mapCharacters(text, separateIdeograph);
    if (this.decomposition !== undefined) {
      text = mapCharacters(this.decomposition.normalize(text), this.stripMark);
    }
    return this.lowercase?.normalize(text) ?? text;
  }

  private readonly clean = (code: number): string | undefined => {
    const bits = this.classes[code]!;
    if ((bits & Character.other) !== 0) return "";
    return (bits & Character.whitespace) !== 0 && code !== 0x20 ? " " : undefined;
  };

  private readonly stripMark = (code: number): string | undefined =>
    (this.classes[code]! & Character.nonspacingMark) === 0 ? undefined : "";
}

function separateIdeograph(code: number): string | undefined {
  return isIdeograph(code) ? ` ${String.fromCodePoint(code)} ` : undefined;
}

/** The blocks of CJK ideographs that BERT knows. Extension E begins at U+2B920 here, as it does in the reference. */
function isIdeograph(code: number): boolean {
  if (code < 0x3400) return false;
  if (code < 0x20000) return code <= 0x4dbf || (code >= 0x4e00 && code <= 0x9fff) || (code >= 0xf900 && code <= 0xfaff);
  return (
    code <= 0x2a6df ||
    (code >= 0x2a700 && code <= 0x2b81f) ||
    (code >= 0x2b920 && code <= 0x2ceaf) ||
    (code >= 0x2f800 && code <= 0x2fa1f)
  );
}

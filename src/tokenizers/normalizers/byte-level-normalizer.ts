import { writeByteLevel } from "../byte-level.ts";
import type { NormalizedText } from "../normalized-text.ts";
import { TextRewriter } from "../text-rewriter.ts";
import type { Normalizer } from "./normalizer.ts";

/** Writes the text in the byte-level alphabet. */
export class ByteLevelNormalizer implements Normalizer {
  /** Spaces are no spaces afterwards. */
  readonly isLocal = false;

  normalize(source: NormalizedText): NormalizedText {
    const rewriter = new TextRewriter(source);
    writeByteLevel(rewriter, source.text, 0, source.text.length);
    return rewriter.finish();
  }
}

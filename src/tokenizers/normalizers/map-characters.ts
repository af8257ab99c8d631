import type { NormalizedText } from "../normalized-text.ts";
import { TextRewriter } from "../text-rewriter.ts";

/** What becomes of a character: itself (undefined), nothing (""), or other text aligned with it. */
export type CharacterMap = (codePoint: number) => string | undefined;

/** Rewrites a text character by character. */
export function mapCharacters(source: NormalizedText, map: CharacterMap): NormalizedText {
  const { text } = source;
  let rewriter: TextRewriter | undefined;
  let kept = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at)!;
    const next = at + (code > 0xffff ? 2 : 1);
    const replacement = map(code);
    if (replacement !== undefined) {
      rewriter ??= new TextRewriter(source);
      rewriter.copy(kept, at);
      rewriter.put(replacement, at);
      kept = next;
    }
    at = next;
  }
  if (rewriter === undefined) return source;
  rewriter.copy(kept, text.length);
  return rewriter.finish();
}

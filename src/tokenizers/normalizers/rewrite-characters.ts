import type { NormalizedText } from "../normalized-text.ts";
import { TextRewriter } from "../text-rewriter.ts";

/**
 * Writes the characters of a new text with the alignment that their changes ask for. The reference counts this way, and
 * its alignment follows to the letter.
 *
 * @param codes - code points of the new text.
 * @param changes - how each came about: 0 in place of the next character of the source, +1 inserted after another, -n in
 *   place of the next one with n more removed.
 */
export function rewriteCharacters(
  source: NormalizedText,
  codes: readonly number[],
  changes: readonly number[],
): NormalizedText {
  const { text } = source;
  const rewriter = new TextRewriter(source);
  let at = 0;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    const change = changes[i]!;
    if (change > 0) rewriter.put(String.fromCodePoint(code), at - 1);
    else if (text.codePointAt(at) === code) rewriter.copy(at, at + widthAt(text, at));
    else rewriter.put(String.fromCodePoint(code), at);
    for (let passed = change; passed <= 0 && at < text.length; passed++) at += widthAt(text, at);
  }
  return rewriter.finish();
}

/** UTF-16 units of the character at `at`. */
function widthAt(text: string, at: number): number {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800 ? 2 : 1;
}

import { Character, characterClasses } from "../characters.ts";
import type { NormalizedText } from "../normalized-text.ts";
import { TextRewriter } from "../text-rewriter.ts";
import type { Normalizer } from "./normalizer.ts";

/** Removes whitespace at the beginning, the end, or both. */
export class Strip implements Normalizer {
  readonly isLocal: boolean;
  private readonly left: boolean;
  private readonly right: boolean;

  constructor(left: boolean, right: boolean) {
    this.left = left;
    this.right = right;
    this.isLocal = !left;
  }

  normalize(source: NormalizedText): NormalizedText {
    const { text } = source;
    const classes = characterClasses();
    const isSpace = (at: number) => (classes[text.charCodeAt(at)]! & Character.whitespace) !== 0;
    let start = 0;
    let end = text.length;
    if (this.left) while (start < end && isSpace(start)) start++;
    if (this.right) while (end > start && isSpace(end - 1)) end--;
    if (end - start === text.length) return source;
    const rewriter = new TextRewriter(source);
    rewriter.copy(start, end);
    return rewriter.finish();
  }
}

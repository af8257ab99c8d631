import type { NormalizedText } from "../normalized-text.ts";
import type { FindDelimiters } from "../pre-tokenizers/delimiter.ts";
import type { SplitPattern } from "../split-pattern.ts";
import { TextRewriter } from "../text-rewriter.ts";
import type { Normalizer } from "./normalizer.ts";

/** What matches nothing at the places where chunks begin, which have one space. */
const LOCAL_PATTERNS = [" {2,}", "\\s{2,}|[\\n\\r\\t]"];

/** Puts a string in the place of everything that a pattern matches, aligned with the last matched character. */
export class Replace implements Normalizer {
  readonly isLocal: boolean;
  private readonly find: FindDelimiters;
  private readonly content: string;

  constructor(pattern: SplitPattern, find: FindDelimiters, content: string) {
    this.find = find;
    this.content = content;
    this.isLocal = "String" in pattern ? !/^$| /.test(pattern.String) : LOCAL_PATTERNS.includes(pattern.Regex);
  }

  normalize(source: NormalizedText): NormalizedText {
    const { text } = source;
    let rewriter: TextRewriter | undefined;
    let kept = 0;
    this.find(text, (start, end) => {
      rewriter ??= new TextRewriter(source);
      rewriter.copy(kept, start);
      rewriter.put(this.content, end - 1);
      kept = end;
    });
    if (rewriter === undefined) return source;
    rewriter.copy(kept, text.length);
    return rewriter.finish();
  }
}

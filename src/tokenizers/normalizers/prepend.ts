import type { NormalizedText } from "../normalized-text.ts";
import { TextRewriter } from "../text-rewriter.ts";
import type { Normalizer } from "./normalizer.ts";

/** Sets a string before every text that is not empty. */
export class Prepend implements Normalizer {
  readonly isLocal = false;
  private readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  normalize(source: NormalizedText): NormalizedText {
    const { text } = source;
    if (text === "" || this.prefix === "") return source;
    const rewriter = new TextRewriter(source);
    rewriter.put(this.prefix, 0);
    rewriter.copy(0, text.length);
    return rewriter.finish();
  }
}

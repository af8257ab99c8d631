import { Character, characterClasses } from "../characters.ts";
import { Pieces } from "../pieces.ts";
import type { PreTokenizer } from "./pre-tokenizer.ts";

/** Runs of word characters and runs of other characters are pieces; whitespace is dropped. As `\w+|[^\w\s]+`. */
export class Whitespace implements PreTokenizer {
  readonly isLocal = true;
  private readonly classes = characterClasses();

  split(pieces: Pieces): Pieces {
    const { text } = pieces.text;
    const out = new Pieces(pieces.text);
    for (let i = 0; i < pieces.length; i++) {
      const end = pieces.ends[i]!;
      let start = pieces.starts[i]!;
      let kind = -1; // of the run that begins at `start`; no kind yet
      for (let at = start; at < end; ) {
        const code = text.codePointAt(at)!;
        const here = this.classes[code]! & (Character.word | Character.whitespace);
        if (here !== kind) {
          if ((kind & Character.whitespace) === 0) out.push(start, at);
          start = at;
          kind = here;
        }
        at += code > 0xffff ? 2 : 1;
      }
      if ((kind & Character.whitespace) === 0) out.push(start, end);
    }
    return out;
  }
}

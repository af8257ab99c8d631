import { Character, characterClasses } from "../characters.ts";
import { Pieces } from "../pieces.ts";
import type { PreTokenizer } from "./pre-tokenizer.ts";

/** Drops whitespace and makes every punctuation character a piece. Source: google-research/bert, tokenization.py. */
export class BertPreTokenizer implements PreTokenizer {
  readonly isLocal = true;
  private readonly classes = characterClasses();

  split(pieces: Pieces): Pieces {
    const { text } = pieces.text;
    const out = new Pieces(pieces.text);
    for (let i = 0; i < pieces.length; i++) {
      const end = pieces.ends[i]!;
      let word = pieces.starts[i]!;
      for (let at = word; at < end; ) {
        const code = text.codePointAt(at)!;
        const next = at + (code > 0xffff ? 2 : 1);
        const bits = this.classes[code]!;
        if ((bits & (Character.whitespace | Character.punctuation)) !== 0) {
          out.push(word, at);
          if ((bits & Character.punctuation) !== 0) out.push(at, next);
          word = next;
        }
        at = next;
      }
      out.push(word, end);
    }
    return out;
  }
}

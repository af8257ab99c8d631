import { codePointTable } from "../code-point-table.ts";
import { Pieces } from "../pieces.ts";
import { SCRIPTS } from "../script-table.ts";
import type { PreTokenizer } from "./pre-tokenizer.ts";

let scripts: Uint8Array | undefined;

/**
 * Cuts where the script changes. Spaces and characters of no script go with the script before them; those that begin a
 * piece are dropped, as the reference does. Kana counts as Han. Source: SentencePiece, trainer_interface.cc.
 */
export class UnicodeScripts implements PreTokenizer {
  readonly isLocal = false;

  split(pieces: Pieces): Pieces {
    scripts ??= codePointTable(SCRIPTS.map((ranges, i) => [ranges, i + 1]));
    const { text } = pieces.text;
    const out = new Pieces(pieces.text);
    for (let i = 0; i < pieces.length; i++) {
      const end = pieces.ends[i]!;
      let start = end;
      let last = 0;
      for (let at = pieces.starts[i]!; at < end; ) {
        const code = text.codePointAt(at)!;
        const script = scripts[code]!;
        if (script !== 0 && script !== last) {
          out.push(start, at);
          start = at;
          last = script;
        }
        at += code > 0xffff ? 2 : 1;
      }
      out.push(start, end);
    }
    return out;
  }
}

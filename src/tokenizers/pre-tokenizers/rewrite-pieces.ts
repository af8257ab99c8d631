import { Pieces } from "../pieces.ts";
import { TextRewriter } from "../text-rewriter.ts";

/** Rewrites the text of every piece; `write` writes out the one at [start, end) of the text. Empty pieces vanish. */
export function rewritePieces(
  pieces: Pieces,
  write: (rewriter: TextRewriter, start: number, end: number) => void,
): Pieces {
  const rewriter = new TextRewriter(pieces.text);
  const bounds = [0];
  for (let i = 0; i < pieces.length; i++) {
    write(rewriter, pieces.starts[i]!, pieces.ends[i]!);
    bounds.push(rewriter.length);
  }
  const out = new Pieces(rewriter.finish());
  for (let i = 1; i < bounds.length; i++) out.push(bounds[i - 1]!, bounds[i]!);
  return out;
}

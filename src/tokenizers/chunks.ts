/**
 * Chunks: the shortest stretches of text that can be tokenized on their own. Most tokenizers cannot look across a single
 * space between two printable characters (see `isLocal` of normalizers and pre-tokenizers), and BERT's not across an
 * ideograph either. Natural text repeats its chunks, so what a chunk came to can be remembered (`ChunkMemory`), and
 * reading can stop between two of them.
 */

/**
 * The end of the chunk that begins at `start`; `text.length` when no cut comes before.
 *
 * @param aroundIdeographs - whether every ideograph is a chunk of its own, too.
 */
export function chunkEnd(text: string, start: number, aroundIdeographs: boolean): number {
  if (aroundIdeographs && isIdeograph(text.charCodeAt(start))) return start + 1;
  for (let i = start + 1; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0x20) {
      if (i + 1 < text.length && isSolid(text.charCodeAt(i - 1)) && isSolid(text.charCodeAt(i + 1))) return i;
    } else if (aroundIdeographs && isIdeograph(unit)) {
      return i;
    }
  }
  return text.length;
}

/** The main block of ideographs, in one UTF-16 unit each. */
function isIdeograph(unit: number): boolean {
  return unit >= 0x4e00 && unit <= 0x9fff;
}

/**
 * Characters that have nothing to do with a space beside them: printable ASCII and letters of the large scripts. Not
 * among them are marks, which join the character before them, and whatever normal forms make from or into spaces.
 */
function isSolid(unit: number): boolean {
  if (unit < 0x250) return unit > 0x20 && unit !== 0x7f && (unit < 0x7f || unit >= 0xc0);
  if (unit < 0x3040) {
    return (
      (unit >= 0x386 && unit <= 0x481) || // Greek, Cyrillic
      (unit >= 0x48a && unit <= 0x52f) ||
      (unit >= 0x5d0 && unit <= 0x5ea) || // Hebrew
      (unit >= 0x621 && unit <= 0x63a) || // Arabic
      (unit >= 0x641 && unit <= 0x64a)
    );
  }
  return (
    (unit <= 0x3096 && unit >= 0x3041) || // Kana
    (unit >= 0x30a1 && unit <= 0x30fa) ||
    isIdeograph(unit) ||
    (unit >= 0xac00 && unit <= 0xd7a3) // Hangul
  );
}

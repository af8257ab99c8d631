/**
 * Chunks: the shortest stretches of text that can be tokenized on their own. Most tokenizers cannot look across a single
 * space between two printable characters (see `isLocal` of normalizers and pre-tokenizers), and BERT's not across an
 * ideograph either. Natural text repeats its chunks, so what a chunk came to can be remembered (`ChunkMemory`), and
 * reading can stop between two of them.
 */

/** A stretch of a text, with a hash of its UTF-16 units. One object serves a whole text: `next` moves it on. */
export class Chunk {
  start = 0;
  end = 0;
  hash = 0;
  private readonly aroundIdeographs: boolean;

  /** @param aroundIdeographs - whether every ideograph is a chunk of its own, too. */
  constructor(aroundIdeographs: boolean) {
    this.aroundIdeographs = aroundIdeographs;
  }

  /** Moves to the chunk that begins at `start`, which is before the end of `text`. */
  next(text: string, start: number): void {
    const { aroundIdeographs } = this;
    const first = text.charCodeAt(start);
    let hash = step(FNV_BASIS, first);
    let end = start + 1;
    if (!aroundIdeographs || !isIdeograph(first)) {
      for (; end < text.length; end++) {
        const unit = text.charCodeAt(end);
        if (unit === 0x20 ? isCut(text, end) : aroundIdeographs && isIdeograph(unit)) break;
        hash = step(hash, unit);
      }
    }
    this.start = start;
    this.end = end;
    // The low bits choose the slot: let the high ones take part.
    this.hash = hash ^ (hash >>> 15);
  }

  /** The first place after `from` where a chunk begins, or the end of the text. */
  beginningAfter(text: string, from: number): number {
    for (let at = from + 1; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit === 0x20 ? isCut(text, at) : this.aroundIdeographs && isIdeograph(unit)) return at;
    }
    return text.length;
  }
}

/** FNV-1a over UTF-16 units. */
const FNV_BASIS = 0x811c9dc5 | 0;

function step(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}

/** Whether a chunk begins with the space at `at`. */
function isCut(text: string, at: number): boolean {
  return at + 1 < text.length && isSolid(text.charCodeAt(at - 1)) && isSolid(text.charCodeAt(at + 1));
}

/** The main block of ideographs, in one UTF-16 unit each. */
function isIdeograph(unit: number): boolean {
  return unit >= 0x4e00 && unit <= 0x9fff;
}

/**
 * Solid characters have nothing to do with a space beside them: printable ASCII and letters of the large scripts. Not
 * among them are marks, which join the character before them, and whatever normal forms make from or into spaces.
 */
export function isSolid(unit: number): boolean {
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
    (unit >= 0x3041 && unit <= 0x3096) || // Kana
    (unit >= 0x30a1 && unit <= 0x30fa) ||
    isIdeograph(unit) ||
    (unit >= 0xac00 && unit <= 0xd7a3) // Hangul
  );
}

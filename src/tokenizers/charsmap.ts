import { TokenizerError } from "../errors.ts";

const VALUE_BITS = 0x7fffffff;
const LABEL_BITS = 0x800000ff;
const LEAF_BIT = 0x100;
const SHIFT_BIT = 0x200;

/**
 * The character map inside a SentencePiece model: a double-array trie (Darts) of UTF-8 keys, and the replacements, each
 * ended by a zero byte. Layout: size of the trie in bytes, units of 32 bits, replacements.
 *
 * Source: google/sentencepiece, src/normalizer.cc, and s-yata/darts-clone; what is read: huggingface/spm_precompiled.
 */
export class Charsmap {
  private readonly units: Uint32Array;
  private readonly replacements: Uint8Array;
  private readonly texts = new Map<number, string>();
  private readonly decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  /** @throws TokenizerError for a map that is cut off or whose replacements are not UTF-8. */
  constructor(bytes: Uint8Array, origin: string) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const trieBytes = bytes.length < 4 ? 0 : view.getUint32(0, true);
    if (trieBytes < 4 || trieBytes % 4 !== 0 || trieBytes > bytes.length - 4) {
      throw new TokenizerError(
        `${origin} has ${bytes.length} bytes, ${trieBytes} of them for its trie: it is cut off or damaged.`,
      );
    }
    this.units = new Uint32Array(trieBytes / 4);
    for (let i = 0; i < this.units.length; i++) this.units[i] = view.getUint32(4 + i * 4, true);
    this.replacements = bytes.subarray(4 + trieBytes);
    try {
      this.decoder.decode(this.replacements);
    } catch (cause) {
      throw new TokenizerError(`${origin} has replacements that are not UTF-8: it is damaged.`, { cause });
    }
  }

  /**
   * What the shortest key that `text` begins with is replaced by; undefined when there is none. (SentencePiece takes the
   * longest; the reference takes the first that it finds.)
   */
  replacement(text: string): string | undefined {
    const { units } = this;
    let node = offsetOf(units[0]!);
    for (const byte of utf8(text)) {
      node ^= byte;
      const unit = units[node];
      if (byte === 0 || unit === undefined || (unit & LABEL_BITS) >>> 0 !== byte) return undefined;
      node ^= offsetOf(unit);
      if ((unit & LEAF_BIT) !== 0) return this.textAt((units[node] ?? 0) & VALUE_BITS);
    }
    return undefined;
  }

  private textAt(start: number): string {
    let text = this.texts.get(start);
    if (text === undefined) {
      const end = this.replacements.indexOf(0, start);
      const bytes = this.replacements.subarray(start, end < 0 ? undefined : end);
      text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
      this.texts.set(start, text);
    }
    return text;
  }
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & SHIFT_BIT) >>> 6);
}

const encoder = new TextEncoder();

function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

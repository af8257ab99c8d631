/** Units of 32 bits that a prefix of a key takes in the trie: one for each byte that may follow. */
const BLOCK = 256;

/** What `compileCharsmap` makes room for. */
export const TRIE_UNITS = 64 * BLOCK;

/**
 * A character map as SentencePiece models hold it, wasteful but right: a double array with a block of units for every
 * prefix of a key, and the replacements after it. For up to 62 prefixes.
 */
export function compileCharsmap(replacements: Record<string, string>): Uint8Array {
  const encoder = new TextEncoder();
  const units = new Uint32Array(TRIE_UNITS);
  const blocks = new Map([["", 1]]);
  const blockOf = (prefix: string) => {
    if (!blocks.has(prefix)) blocks.set(prefix, blocks.size + 1);
    return blocks.get(prefix)! * BLOCK;
  };
  const texts: number[] = [];
  units[0] = BLOCK << 10;
  for (const [key, replacement] of Object.entries(replacements)) {
    const bytes = [...encoder.encode(key)];
    for (const [i, byte] of bytes.entries()) {
      const at = blockOf(bytes.slice(0, i).join()) + byte;
      const next = blockOf(bytes.slice(0, i + 1).join());
      const isEnd = i === bytes.length - 1;
      units[at] = ((at ^ next) << 10) | (isEnd ? 0x100 : units[at]! & 0x100) | byte;
      if (isEnd) units[next] = 0x80000000 | texts.length;
    }
    texts.push(...encoder.encode(replacement), 0);
  }
  const map = new Uint8Array(4 + units.length * 4 + texts.length);
  const view = new DataView(map.buffer);
  view.setUint32(0, units.length * 4, true);
  for (const [i, unit] of units.entries()) view.setUint32(4 + i * 4, unit, true);
  map.set(texts, 4 + units.length * 4);
  return map;
}

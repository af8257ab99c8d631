const CODE_POINTS = 0x110000;

/**
 * A byte of flags for every code point, unpacked from tables of ranges: pairs of base-36 numbers, code points skipped
 * since the last range and length. One array look-up then classifies a character.
 */
export function codePointTable(flags: [packed: string, flag: number][]): Uint8Array {
  const table = new Uint8Array(CODE_POINTS);
  for (const [packed, flag] of flags) {
    let at = 0;
    let isSkip = true;
    for (const number of packed.split(" ")) {
      const count = Number.parseInt(number, 36);
      if (!isSkip) for (let code = at; code < at + count; code++) table[code]! |= flag;
      at += count;
      isSkip = !isSkip;
    }
  }
  return table;
}

/** "Ġ": how byte-level vocabularies write a space. */
const BYTE_LEVEL_SPACE = 0x120;

/** How many whitespace characters stand at the beginning and at the end of a token. */
export function spaceAround(token: string): readonly [leading: number, trailing: number] {
  let leading = 0;
  while (leading < token.length && isSpace(token, leading)) leading++;
  let trailing = 0;
  while (trailing < token.length && isSpace(token, token.length - 1 - trailing)) trailing++;
  return [leading, trailing];
}

function isSpace(text: string, at: number): boolean {
  return text.charCodeAt(at) === BYTE_LEVEL_SPACE || /[\s\x85]/.test(text[at]!) ? text[at] !== "\ufeff" : false;
}

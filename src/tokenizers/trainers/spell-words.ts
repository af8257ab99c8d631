import { InputError } from "../../errors.ts";
import { codePointIn } from "./alphabet.ts";
import type { StringCounts } from "./string-counts.ts";

export interface WordSpelling {
  /** Tokens with ids before all others, which no merge may spell. */
  reserved: readonly string[];
  /** Code points, ascending. Others stay unknown: nothing is merged across them. */
  alphabet: readonly number[];
  /** Marks characters that do not begin a word: "##", or "". */
  continuingPrefix: string;
  /** Marks the last character of a word: "</w>", or "". */
  endSuffix: string;
}

/** Words written with the tokens of their characters, one after another. */
export interface SpelledWords {
  /** By id: the reserved ones, the plain characters, then the marked ones that occur. */
  readonly tokens: string[];
  /** Ids; `BREAK` between words and in the place of unknown characters. */
  readonly symbols: Int32Array;
  /** The word that each symbol is of. */
  readonly words: Int32Array;
}

/** Stands between symbols that can never be neighbours. */
export const BREAK = -1;

/** How a character is marked: bits. */
const CONTINUES = 1;
const ENDS = 2;
const FORMS = 4;

/** @throws InputError when this takes more than `vocabularySize` tokens. */
export function spellWords(words: StringCounts, spelling: WordSpelling, vocabularySize: number): SpelledWords {
  const tokenIds = new Int32Array(0x110000 * FORMS); // by code point and form: id + 1
  const tokens = [...spelling.reserved];
  const add = (code: number, form: number): void => {
    const known = form === 0 ? tokens.indexOf(String.fromCodePoint(code)) : -1;
    tokenIds[code * FORMS + form] = known >= 0 ? known + 1 : tokens.push(spell(code, form, spelling));
  };
  for (const code of spelling.alphabet) add(code, 0);
  const marked = new Set<number>();
  eachSymbol(words, spelling, (code, form) => {
    if (form > 0 && tokenIds[code * FORMS] !== 0) marked.add(code * FORMS + form);
  });
  for (const key of [...marked].sort((a, b) => a - b)) add(Math.floor(key / FORMS), key % FORMS);
  if (tokens.length > vocabularySize) throw tooSmall(vocabularySize, tokens.length, spelling.reserved.length);
  const symbols = new Int32Array(words.starts[words.size]! + words.size + 1).fill(BREAK);
  const wordOf = new Int32Array(symbols.length);
  let at = 1;
  let last = 0;
  eachSymbol(words, spelling, (code, form, word) => {
    if (word !== last) at++;
    last = word;
    symbols[at] = tokenIds[code * FORMS] === 0 ? BREAK : tokenIds[code * FORMS + form]! - 1;
    wordOf[at++] = word;
  });
  return { tokens, symbols: symbols.subarray(0, at + 1), words: wordOf };
}

export function tooSmall(vocabularySize: number, needed: number, special: number): InputError {
  return new InputError(
    `vocabularySize is ${vocabularySize}, but special tokens (${special}) and characters (${needed - special}) take ` +
      `${needed}. Pass at least ${needed}, or a smaller limitAlphabet.`,
  );
}

function spell(code: number, form: number, { continuingPrefix, endSuffix }: WordSpelling): string {
  const character = String.fromCodePoint(code);
  return `${form & CONTINUES ? continuingPrefix : ""}${character}${form & ENDS ? endSuffix : ""}`;
}

function eachSymbol(
  { units, starts, size }: StringCounts,
  { continuingPrefix, endSuffix }: WordSpelling,
  visit: (code: number, form: number, word: number) => void,
): void {
  const continues = continuingPrefix === "" ? 0 : CONTINUES;
  const ends = endSuffix === "" ? 0 : ENDS;
  for (let word = 0; word < size; word++) {
    const [start, end] = [starts[word]!, starts[word + 1]!];
    for (let at = start; at < end; ) {
      const code = codePointIn(units, at, end);
      const next = at + (code > 0xffff ? 2 : 1);
      visit(code, (at > start ? continues : 0) | (next === end ? ends : 0), word);
      at = next;
    }
  }
}

import { TokenizerError } from "../errors.ts";
import { Character, characterClasses } from "./characters.ts";

/** A token that is found in the text before the model sees it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Only where no word character stands beside it. */
  readonly singleWord: boolean;
  /** Takes the whitespace before it along. */
  readonly stripsLeft: boolean;
  readonly stripsRight: boolean;
  /** Looked for in the normalized text, by its own normalized form. */
  readonly normalized: boolean;
  /** Left out by `decode` on request, and read as plain text with `specialTokens: "text"`. */
  readonly special: boolean;
}

/** Matching takes time in proportion to this at worst. UTF-16 units. */
export const LONGEST_CONTENT = 1024;

interface Node {
  readonly next: Map<number, Node>;
  token?: AddedToken;
}

/** Finds added tokens in a text: from left to right, the longest one that begins at a place. */
export class AddedTokenFinder {
  private readonly root: Node = { next: new Map() };
  private readonly begins = new Uint8Array(0x10000);

  /**
   * @param tokens - each with the text to look for.
   * @throws TokenizerError for a text of more than 1,024 UTF-16 units.
   */
  constructor(tokens: Iterable<[text: string, token: AddedToken]>) {
    for (const [text, token] of tokens) {
      if (text.length > LONGEST_CONTENT) {
        throw new TokenizerError(
          `added_tokens: the token with id ${token.id} is ${text.length} characters long; ` +
            `at most ${LONGEST_CONTENT} are read.`,
        );
      }
      let node = this.root;
      for (let i = 0; i < text.length; i++) node = child(node, text.charCodeAt(i));
      node.token = token;
      this.begins[text.charCodeAt(0)] = 1;
    }
  }

  /** The first token at or after `from`; undefined when there is none. */
  find(text: string, from: number): AddedTokenMatch | undefined {
    const { begins } = this;
    for (let at = from; at < text.length; at++) {
      if (begins[text.charCodeAt(at)] === 0) continue;
      const match = this.longestAt(text, at);
      if (match !== undefined) return match;
    }
    return undefined;
  }

  private longestAt(text: string, start: number): AddedTokenMatch | undefined {
    let node: Node | undefined = this.root;
    let match: AddedTokenMatch | undefined;
    for (let at = start; at < text.length; ) {
      node = node.next.get(text.charCodeAt(at++));
      if (node === undefined) break;
      if (node.token !== undefined) match = { token: node.token, start, end: at };
    }
    return match;
  }
}

export interface AddedTokenMatch {
  readonly token: AddedToken;
  readonly start: number;
  readonly end: number;
}

function child(node: Node, unit: number): Node {
  const known = node.next.get(unit);
  if (known !== undefined) return known;
  const made: Node = { next: new Map() };
  node.next.set(unit, made);
  return made;
}

/**
 * Cuts a text at its added tokens, in order: `between` gets the stretches of plain text (never empty), `found` the tokens
 * with the whitespace that they take along. Either may return false to stop.
 *
 * @param accepts - tokens for which it is false are plain text.
 */
export function cutAtAddedTokens(
  text: string,
  finder: AddedTokenFinder | undefined,
  accepts: (token: AddedToken) => boolean,
  between: (start: number, end: number) => boolean,
  found: (token: AddedToken, start: number, end: number) => boolean,
): void {
  let done = 0;
  let match = finder?.find(text, 0);
  while (match !== undefined) {
    const { token } = match;
    if (accepts(token) && (!token.singleWord || standsAlone(text, match.start, match.end))) {
      const start = token.stripsLeft ? skipSpaceBack(text, match.start, done) : match.start;
      const end = token.stripsRight ? skipSpace(text, match.end) : match.end;
      if (done < start && !between(done, start)) return;
      if (!found(token, start, end)) return;
      done = end;
    }
    match = finder!.find(text, match.end);
  }
  if (done < text.length) between(done, text.length);
}

function standsAlone(text: string, start: number, end: number): boolean {
  const before = start === 0 ? undefined : codePointBefore(text, start);
  const after = text.codePointAt(end);
  const classes = characterClasses();
  const isWord = (code: number | undefined) => code !== undefined && (classes[code]! & Character.word) !== 0;
  return !isWord(before) && !isWord(after);
}

function codePointBefore(text: string, at: number): number {
  const isPair = at > 1 && (text.charCodeAt(at - 1) & 0xfc00) === 0xdc00;
  return text.codePointAt(isPair ? at - 2 : at - 1)!;
}

function skipSpace(text: string, at: number): number {
  const classes = characterClasses();
  while (at < text.length && (classes[text.charCodeAt(at)]! & Character.whitespace) !== 0) at++;
  return at;
}

function skipSpaceBack(text: string, at: number, stop: number): number {
  const classes = characterClasses();
  while (at > stop && (classes[text.charCodeAt(at - 1)]! & Character.whitespace) !== 0) at--;
  return at;
}

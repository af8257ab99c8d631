import { TokenizerError } from "../errors.ts";
import { LETTER, MARK, NUMBER } from "./pattern-tables.ts";

/** The classes of Oniguruma (the engine that tokenizer files are written for) as contents of a `[...]`. */
const CLASSES: Record<string, () => string> = {
  s: () => "\\t-\\r \\x{85}\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}",
  S: () =>
    "\\x{0}-\\x{8}\\x{E}-\\x{1F}!-\\x{84}\\x{86}-\\x{9F}\\x{A1}-\\x{167F}\\x{1681}-\\x{1FFF}\\x{200B}-\\x{2027}" +
    "\\x{202A}-\\x{202E}\\x{2030}-\\x{205E}\\x{2060}-\\x{2FFF}\\x{3001}-\\x{10FFFF}",
  d: () => "\\p{Nd}",
  D: () => "\\P{Nd}",
  h: () => "0-9a-fA-F",
  w: () =>
    `${rangesOf(LETTER)}${rangesOf(MARK)}\\p{Nd}\\p{Nl}\\p{Pc}` +
    "\\x{24B6}-\\x{24E9}\\x{1F130}-\\x{1F149}\\x{1F150}-\\x{1F169}\\x{1F170}-\\x{1F189}",
};

/** Outside a class Oniguruma's `\\w` takes these Latin-1 numbers too: it asks another table below U+0100. */
const LATIN1_WORD = "\\x{B2}\\x{B3}\\x{B9}\\x{BC}-\\x{BE}";

/** Properties for which the reference's own Unicode version is known. */
const PROPERTIES: Record<string, () => string> = {
  L: () => rangesOf(LETTER),
  M: () => rangesOf(MARK),
  N: () => rangesOf(NUMBER),
};

const LOOKAROUND = /^\(\?<?[=!]/;

/** What has no linear-time match, or another meaning in RE2. */
const REFUSED: [construct: RegExp, name: string][] = [
  [LOOKAROUND, "lookaround"],
  [/^\(\?>/, "an atomic group"],
  [/^\(\?[a-z]*[mx]/, "a mode other than i"],
  [/^\(\?#/, "a comment"],
  [/^[*+?]\+/, "a possessive quantifier"],
  [/^\{,/, "a repetition without a lower bound"],
  [/^\\[bBAzZGKkgRXyY1-9]/, "an assertion or a back reference"],
];

const REFUSED_IN_CLASS: [construct: RegExp, name: string][] = [
  [/^\[/, "a class within a class"],
  [/^&&/, "an intersection of classes"],
  [/^\\[WH]/, "a negated class within a class"],
];

export interface RegexTranslationOptions {
  /** Keep lookaround, which RE2 does not know. Default false. */
  lookaround?: boolean;
}

/**
 * Rewrites a regular expression from Oniguruma's syntax into that of RE2, to be compiled in multi-line mode: classes are
 * Unicode ones, of the reference's Unicode version where that is known, and written so that they match the same.
 *
 * @param origin - file and key of the pattern, as errors name it.
 * @throws TokenizerError for constructs that need backtracking or mean something else in RE2.
 */
export function translateRegex(source: string, origin: string, options: RegexTranslationOptions = {}): string {
  let out = "";
  let inClass = false;
  for (let at = 0; at < source.length; ) {
    const rest = source.slice(at, at + 40);
    if (!(options.lookaround && !inClass && LOOKAROUND.test(rest))) refuse(rest, inClass, source, origin);
    const part = (inClass ? IN_CLASS : OUTSIDE_CLASS).exec(rest)![0];
    if (part.startsWith("\\")) {
      out += translateEscape(part, inClass);
    } else {
      out += part.endsWith("]") && part.length > 1 ? `${part.slice(0, -1)}\\]` : part;
      if (part.startsWith("[")) inClass = true;
      else if (part === "]") inClass = false;
    }
    at += part.length;
  }
  return out;
}

const ESCAPE = String.raw`\\[pP]\{\^?\w+\}|\\u[0-9a-fA-F]{4}|\\x\{[0-9a-fA-F]+\}|\\x[0-9a-fA-F]{2}|\\.?`;
const IN_CLASS = new RegExp(`^(?:${ESCAPE}|.)`, "su");
/** A bracket that comes first in a class stands for itself. */
const OUTSIDE_CLASS = new RegExp(String.raw`^(?:${ESCAPE}|\[\^?\]?|.)`, "su");

function refuse(rest: string, inClass: boolean, source: string, origin: string): void {
  const refused = (inClass ? REFUSED_IN_CLASS : REFUSED).find(([construct]) => construct.test(rest));
  if (refused === undefined) return;
  throw new TokenizerError(
    `${origin}: the pattern ${JSON.stringify(source.slice(0, 200))} has ${refused[1]}, which has no match in linear ` +
      'time. If you trust the file, and only then, load it with patterns: "backtracking".',
  );
}

function translateEscape(sequence: string, inClass: boolean): string {
  const letter = sequence[1] ?? "";
  if (letter === "u") return `\\x{${sequence.slice(2)}}`;
  if (letter === "x" && !sequence.includes("{")) return `\\x{${sequence.slice(2)}}`;
  if (letter === "e") return "\\x{1B}";
  if ((letter === "p" || letter === "P") && sequence.includes("{")) return translateProperty(sequence, inClass);
  const contents = CLASSES[letter] ?? CLASSES[letter.toLowerCase()];
  if (contents !== undefined && letter !== "") {
    if (inClass) return contents();
    const all = /[wW]/.test(letter) ? contents() + LATIN1_WORD : contents();
    return CLASSES[letter] === undefined ? `[^${all}]` : `[${all}]`;
  }
  return /^\\[^\w\s]$/u.test(sequence) ? `\\x{${letter.codePointAt(0)!.toString(16)}}` : sequence;
}

function translateProperty(sequence: string, inClass: boolean): string {
  const name = sequence.replace(/^\\[pP]\{\^?|\}$/g, "");
  const isNegated = sequence.startsWith("\\P") !== sequence.includes("{^");
  const contents = PROPERTIES[name];
  if (contents === undefined || (isNegated && inClass)) return `\\${isNegated ? "P" : "p"}{${name}}`;
  if (inClass) return contents();
  return isNegated ? `[^${contents()}]` : `[${contents()}]`;
}

/** Packed ranges (see code-point-table.ts) as the contents of a class. */
function rangesOf(packed: string): string {
  const numbers = packed.split(" ").map((number) => Number.parseInt(number, 36));
  let out = "";
  let at = 0;
  for (let i = 0; i < numbers.length; i += 2) {
    const first = at + numbers[i]!;
    at = first + numbers[i + 1]!;
    out += `\\x{${first.toString(16)}}-\\x{${(at - 1).toString(16)}}`;
  }
  return out;
}

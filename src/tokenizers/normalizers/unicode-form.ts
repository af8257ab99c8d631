import { Character, characterClasses, combiningClass } from "../characters.ts";
import type { NormalizedText } from "../normalized-text.ts";
import type { Normalizer } from "./normalizer.ts";
import { rewriteCharacters } from "./rewrite-characters.ts";

export type Form = "NFC" | "NFD" | "NFKC" | "NFKD";

/** No form changes a text whose UTF-16 units are all below this. */
const FIRST_CHANGED: Record<Form, number> = { NFC: 0x300, NFD: 0xc0, NFKC: 0xa0, NFKD: 0xa0 };

const LONGEST_MARK_RUN = 100;

/** Characters on their way to a normal form; `changes` as `rewriteCharacters` takes them. */
interface Characters {
  codes: number[];
  changes: number[];
}

/**
 * A Unicode normal form (UAX #15) with alignment, as of Unicode 9: what the reference's tables hold. A character
 * composed of several is aligned with the first of them.
 */
export class UnicodeForm implements Normalizer {
  readonly isLocal = true;
  private readonly form: Form;

  constructor(form: Form) {
    this.form = form;
  }

  normalize(source: NormalizedText): NormalizedText {
    const { text } = source;
    if (isBelow(text, FIRST_CHANGED[this.form])) return source;
    if (!hasLongMarkRun(text) && text.normalize(this.form) === text) return source;
    const decomposed = decompose(text, this.form === "NFD" || this.form === "NFC" ? "NFD" : "NFKD");
    const { codes, changes } = this.form === "NFC" || this.form === "NFKC" ? compose(decomposed) : decomposed;
    return rewriteCharacters(source, codes, changes);
  }
}

function isBelow(text: string, limit: number): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) >= limit) return false;
  }
  return true;
}

/** `String.normalize` sorts marks in place, which takes quadratic time where thousands stand together. */
function hasLongMarkRun(text: string): boolean {
  let run = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at)!;
    if (code > 0xffff) at++;
    run = combiningClass(code) === 0 ? 0 : run + 1;
    if (run > LONGEST_MARK_RUN) return true;
  }
  return false;
}

function decompose(text: string, form: "NFD" | "NFKD"): Characters {
  const out: Characters = { codes: [], changes: [] };
  const classes: number[] = [];
  let unsorted = 0; // the last starter; marks after it wait for their order
  for (const character of text) {
    const parts = decomposition(character, form);
    for (let i = 0; i < parts.length; i++) {
      const code = parts[i]!;
      const order = combiningClass(code);
      if (order === 0) {
        sortMarks(out, classes, unsorted);
        unsorted = out.codes.length;
      }
      out.codes.push(code);
      out.changes.push(i === 0 ? 0 : 1);
      classes.push(order);
    }
  }
  sortMarks(out, classes, unsorted);
  return out;
}

/** Bound of the memories below; they start afresh when they are full. */
const REMEMBERED = 20_000;

const decompositions = { NFD: new Map<string, number[]>(), NFKD: new Map<string, number[]>() };

/** The full decomposition of one character. */
function decomposition(character: string, form: "NFD" | "NFKD"): number[] {
  const known = decompositions[form].get(character);
  if (known !== undefined) return known;
  const code = character.codePointAt(0)!;
  const isFixed = (characterClasses()[code]! & Character.undecomposed) !== 0;
  const parts = isFixed ? [code] : Array.from(character.normalize(form), (part) => part.codePointAt(0)!);
  if (decompositions[form].size >= REMEMBERED) decompositions[form].clear();
  decompositions[form].set(character, parts);
  return parts;
}

/** Sorts the characters from `start` on by combining class, in linear time; those of one class keep their order. */
function sortMarks({ codes, changes }: Characters, classes: number[], start: number): void {
  let isSorted = true;
  for (let i = start + 1; i < classes.length && isSorted; i++) isSorted = classes[i - 1]! <= classes[i]!;
  if (isSorted) return;
  const byClass = new Map<number, number[]>();
  for (let i = start; i < classes.length; i++) {
    const same = byClass.get(classes[i]!);
    if (same === undefined) byClass.set(classes[i]!, [i]);
    else same.push(i);
  }
  const order = [...byClass.keys()].sort((a, b) => a - b).flatMap((which) => byClass.get(which)!);
  const [ordered, how] = [order.map((i) => codes[i]!), order.map((i) => changes[i]!)];
  for (let i = 0; i < order.length; i++) {
    codes[start + i] = ordered[i]!;
    changes[start + i] = how[i]!;
  }
}

function compose({ codes, changes }: Characters): Characters {
  const out: Characters = { codes: [], changes: [] };
  let starter = -1; // index in `out` of the character that following ones may join
  let lastClass = 0; // class of the last mark left standing after the starter; 0: none
  for (let i = 0; i < codes.length; i++) {
    const order = combiningClass(codes[i]!);
    const isBlocked = lastClass !== 0 && lastClass >= order;
    const composed = starter >= 0 && !isBlocked ? composition(out.codes[starter]!, codes[i]!) : undefined;
    if (composed !== undefined) {
      out.codes[starter] = composed;
      out.changes[starter]! += changes[i]! - 1;
      continue;
    }
    if (order === 0) {
      starter = out.codes.length;
      lastClass = 0;
    } else if (starter >= 0) {
      lastClass = order;
    }
    out.codes.push(codes[i]!);
    out.changes.push(changes[i]!);
  }
  return out;
}

const compositions = new Map<number, number>();

/** The primary composite of two characters, if there is one. */
function composition(first: number, second: number): number | undefined {
  if (second < 0x300) return undefined;
  const pair = first * 0x110000 + second;
  let composed = compositions.get(pair);
  if (composed === undefined) {
    const text = String.fromCodePoint(first, second).normalize("NFC");
    const code = text.codePointAt(0)!;
    const isOne = text.length === (code > 0xffff ? 2 : 1);
    composed = isOne && (characterClasses()[code]! & Character.undecomposed) === 0 ? code : -1;
    if (compositions.size >= REMEMBERED) compositions.clear();
    compositions.set(pair, composed);
  }
  return composed < 0 ? undefined : composed;
}

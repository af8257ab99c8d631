import { Charsmap } from "../charsmap.ts";
import { clusterEnd } from "../grapheme-clusters.ts";
import type { NormalizedText } from "../normalized-text.ts";
import type { Normalizer } from "./normalizer.ts";
import { rewriteCharacters } from "./rewrite-characters.ts";

/** Longer grapheme clusters are looked up character by character. UTF-8 bytes. */
const LONGEST_CLUSTER = 5;
const BASIC_PLANE = 0x10000;
const UNSEEN = 0;
const NO_REPLACEMENT = 1;

/**
 * The normalization that a SentencePiece model was trained with, from its compiled character map (most often NFKC with
 * some rules about spaces and control characters).
 *
 * Source: huggingface/tokenizers, normalizers/precompiled.rs. A short cluster that begins with a key is replaced as a
 * whole, as there.
 */
export class Precompiled implements Normalizer {
  readonly isLocal = true;
  readonly needsSolidBeginning = true;
  private readonly charsmap: Charsmap;
  /** For each character of the basic plane an index of `replacements`. */
  private readonly known = new Uint16Array(BASIC_PLANE).fill(UNSEEN);
  private readonly replacements: (string | undefined)[] = [undefined, undefined];

  /** @throws TokenizerError for a damaged map, named `origin`. */
  constructor(charsmap: Uint8Array, origin = "precompiled_charsmap") {
    this.charsmap = new Charsmap(charsmap, origin);
  }

  normalize(source: NormalizedText): NormalizedText {
    const { text } = source;
    let edits: Edits | undefined;
    const replace = (start: number, end: number, replacement: string | undefined): void => {
      if (replacement === undefined) {
        edits?.keep(text, start, end);
        return;
      }
      if (edits === undefined) {
        edits = new Edits();
        edits.keep(text, 0, start);
      }
      edits.replace(countCharacters(text, start, end), replacement);
    };
    for (let start = 0; start < text.length; ) {
      const end = clusterEnd(text, start);
      const whole = this.ofCluster(text, start, end);
      if (whole !== undefined) replace(start, end, whole);
      else
        for (; start < end; start += width(text, start))
          replace(start, start + width(text, start), this.at(text, start));
      start = end;
    }
    return edits === undefined ? source : edits.apply(source);
  }

  /** What a short cluster of several characters becomes; undefined for all else. */
  private ofCluster(text: string, start: number, end: number): string | undefined {
    if (end - start > LONGEST_CLUSTER || end - start === width(text, start)) return undefined;
    return utf8Length(text, start, end) > LONGEST_CLUSTER
      ? undefined
      : this.charsmap.replacement(text.slice(start, end));
  }

  /** What the character at `start` becomes. */
  private at(text: string, start: number): string | undefined {
    const code = text.codePointAt(start)!;
    if (code >= BASIC_PLANE) return this.charsmap.replacement(String.fromCodePoint(code));
    if (this.known[code] === UNSEEN) {
      const replacement = this.charsmap.replacement(String.fromCodePoint(code));
      this.known[code] = replacement === undefined ? NO_REPLACEMENT : this.replacements.push(replacement) - 1;
    }
    return this.replacements[this.known[code]!];
  }
}

/**
 * The new text, counted as the reference counts: what is removed at the very beginning is not counted, so all that
 * follows aligns too far left, and the last character of an expansion aligns with what is removed after it.
 */
class Edits {
  private readonly codes: number[] = [];
  private readonly counts: number[] = [];

  keep(text: string, start: number, end: number): void {
    for (let at = start; at < end; at += width(text, at)) {
      this.codes.push(text.codePointAt(at)!);
      this.counts.push(0);
    }
  }

  /** `characters` characters give way to `replacement`. */
  replace(characters: number, replacement: string): void {
    const { codes, counts } = this;
    let added = -characters;
    for (const character of replacement) {
      codes.push(character.codePointAt(0)!);
      counts.push(0);
      added++;
    }
    if (added > 0) counts.fill(1, counts.length - added);
    else if (added < 0 && counts.length > 0) counts[counts.length - 1]! += added;
  }

  apply(source: NormalizedText): NormalizedText {
    return rewriteCharacters(source, this.codes, this.counts);
  }
}

function width(text: string, at: number): number {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800 ? 2 : 1;
}

function countCharacters(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at += width(text, at)) count++;
  return count;
}

function utf8Length(text: string, start: number, end: number): number {
  let length = 0;
  for (let at = start; at < end; at += width(text, at)) {
    const code = text.codePointAt(at)!;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}

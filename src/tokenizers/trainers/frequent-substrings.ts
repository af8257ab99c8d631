import type { ShortTexts } from "./short-texts.ts";
import { sortSuffixes, suffixLength } from "./sort-suffixes.ts";

/** A part of a text, by place. */
export interface Substrings {
  /** Where each begins in the units of the texts. */
  readonly starts: Int32Array;
  readonly lengths: Uint8Array;
  /** How often it comes, times its length: how much of the corpus it could write. */
  readonly scores: Float64Array;
}

/**
 * The `limit` substrings of two or more characters that could write most of the texts. Substrings that always go on with
 * the same character are left out for the longer one: these are the inner nodes of a suffix tree, found from the sorted
 * suffixes and their common beginnings, and its leaves.
 *
 * Source: Kudo 2018, section 3.2; Abouelhoda et al. 2004, "Replacing suffix trees with enhanced suffix arrays".
 *
 * @param longest - in UTF-16 units
 */
export function frequentSubstrings(texts: ShortTexts, longest: number, leastCount: number, limit: number): Substrings {
  const { units } = texts;
  const { suffixes, ends } = sortSuffixes(texts, longest);
  const sums = prefixSums(texts, suffixes);
  const found = new SubstringList();
  const offer = (start: number, length: number, count: number): void => {
    if (length < 2 || count < leastCount) return;
    const isWhole = (units[start + length - 1]! & 0xfc00) !== 0xd800;
    if (isWhole && characters(units, start, length) > 1) found.push(start, length, count * length);
  };
  const open: { length: number; from: number }[] = [];
  let before = 0;
  for (let i = 0; i < suffixes.length; i++) {
    const here = suffixes[i]!;
    const length = suffixLength(here, ends, longest);
    const shared = i + 1 < suffixes.length ? sharedLength(units, here, suffixes[i + 1]!, ends, longest) : 0;
    if (length > before && length > shared) offer(here, length, sums[i + 1]! - sums[i]!);
    let from = i;
    while (open.length > 0 && open.at(-1)!.length > shared) {
      const node = open.pop()!;
      from = node.from;
      offer(here, node.length, sums[i + 1]! - sums[from]!);
    }
    if (shared > 0 && (open.length === 0 || open.at(-1)!.length < shared)) open.push({ length: shared, from });
    before = shared;
  }
  return found.best(limit);
}

/** By place among the sorted suffixes: the weight of all before it. */
function prefixSums({ starts, weights, size, length }: ShortTexts, suffixes: Int32Array): Float64Array {
  const weightAt = new Float64Array(length);
  for (let text = 0; text < size; text++) weightAt.fill(weights[text]!, starts[text]!, starts[text + 1]!);
  const sums = new Float64Array(suffixes.length + 1);
  for (let i = 0; i < suffixes.length; i++) sums[i + 1] = sums[i]! + weightAt[suffixes[i]!]!;
  return sums;
}

function sharedLength(units: Uint16Array, a: number, b: number, ends: Int32Array, longest: number): number {
  const most = Math.min(suffixLength(a, ends, longest), suffixLength(b, ends, longest));
  let length = 0;
  while (length < most && units[a + length] === units[b + length]) length++;
  return length;
}

function characters(units: Uint16Array, start: number, length: number): number {
  let count = 0;
  for (let at = start; at < start + length; at++) if ((units[at]! & 0xfc00) !== 0xdc00) count++;
  return count;
}

class SubstringList {
  private readonly starts: number[] = [];
  private readonly lengths: number[] = [];
  private readonly scores: number[] = [];

  push(start: number, length: number, score: number): void {
    this.starts.push(start);
    this.lengths.push(length);
    this.scores.push(score);
  }

  /** Those of the highest scores; of equal scores the first in alphabetical order. */
  best(limit: number): Substrings {
    const order = this.scores.length <= limit ? undefined : Float64Array.from(this.scores).sort();
    const least = order?.[order.length - limit] ?? Number.NEGATIVE_INFINITY;
    let room = limit - this.scores.reduce((count, score) => count + (score > least ? 1 : 0), 0);
    const kept = [...this.scores.keys()].filter(
      (i) => this.scores[i]! > least || (this.scores[i] === least && room-- > 0),
    );
    return {
      starts: Int32Array.from(kept, (i) => this.starts[i]!),
      lengths: Uint8Array.from(kept, (i) => this.lengths[i]!),
      scores: Float64Array.from(kept, (i) => this.scores[i]!),
    };
  }
}

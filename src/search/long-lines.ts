import type { TextRange } from "./text-range.ts";

export interface ReadableText {
  /** What is left of the text, in order. */
  readonly ranges: readonly TextRange[];
  /** Numbers, from 1, of the lines that were cut. */
  readonly cutLines: readonly number[];
}

/**
 * A text without the tails of its longest lines: beyond `longest` UTF-16 units a line is data, not prose, and reading a
 * line of megabytes would keep everyone waiting.
 */
export function cutLongLines(text: string, longest: number): ReadableText {
  if (text.length <= longest) return { ranges: [{ start: 0, end: text.length }], cutLines: [] };
  const ranges: TextRange[] = [];
  const cutLines: number[] = [];
  let rangeStart = 0;
  let line = 1;
  for (let start = 0; start < text.length; line++) {
    const feed = text.indexOf("\n", start);
    const end = feed === -1 ? text.length : feed;
    if (end - start > longest) {
      ranges.push({ start: rangeStart, end: start + longest });
      cutLines.push(line);
      rangeStart = end;
    }
    start = end + 1;
  }
  if (rangeStart < text.length) ranges.push({ start: rangeStart, end: text.length });
  return { ranges, cutLines };
}

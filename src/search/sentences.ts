import { isSpace, type TextRange, trimRange } from "./text-range.ts";

const STOPS = ".!?…";
/** These end a sentence wherever they stand: no space follows them. */
const IDEOGRAPHIC_STOPS = "。！？";
const CLOSERS = "\"'”’)]」』）";
/** Closing quotes and brackets between a stop and the space behind it; more are not looked at. */
const MOST_CLOSERS = 4;

/** What stands before a full stop that ends no sentence: titles, initials, "e.g.", the number of a list item. */
const ABBREVIATION =
  /(?:^\s*\d{1,3}|(?:^|[\s(["'“‘])(?:\p{L}|\p{L}{1,3}\.\p{L}{1,3}|Mr|Mrs|Ms|Dr|Prof|St|vs|etc|cf|No|Fig|Eq|al|ca))\.$/u;
const HEADING_LINE = /^[ \t]*#{1,6}[ \t]/;
/** A line that begins a list item, a heading, a table row or a quotation is a sentence of its own. */
const BLOCK_LINE = /^[ \t]*(?:[-*+•|>#]|\d{1,9}[.)])/;

/** The sentences of a range of a text, in order, without white space around them. */
export function splitSentences(text: string, range: TextRange = { start: 0, end: text.length }): TextRange[] {
  const sentences: TextRange[] = [];
  let start = range.start;
  for (let at = range.start; at < range.end; at++) {
    if (!endsSentence(text, start, at, range.end)) continue;
    sentences.push(trimRange(text, { start, end: at + 1 }));
    start = at + 1;
  }
  sentences.push(trimRange(text, { start, end: range.end }));
  return sentences.filter((sentence) => sentence.end > sentence.start);
}

/** Whether the character at `at` is the last of a sentence that begins at `start`. */
function endsSentence(text: string, start: number, at: number, end: number): boolean {
  const next = text.charCodeAt(at + 1);
  if (at + 1 < end && !isSpace(next)) {
    const isStop =
      IDEOGRAPHIC_STOPS.includes(text[at]!) ||
      (CLOSERS.includes(text[at]!) && IDEOGRAPHIC_STOPS.includes(text[at - 1] ?? " "));
    return isStop && !(CLOSERS + IDEOGRAPHIC_STOPS).includes(text[at + 1]!);
  }
  if (next === 0x0a && (BLOCK_LINE.test(text.slice(at + 2, at + 40)) || isHeading(text, start, at))) return true;
  let stop = at;
  while (stop > start && at - stop < MOST_CLOSERS && CLOSERS.includes(text[stop]!)) stop--;
  if (!(STOPS + IDEOGRAPHIC_STOPS).includes(text[stop]!)) return false;
  return text[stop] !== "." || !ABBREVIATION.test(text.slice(Math.max(start, stop - 16), stop + 1));
}

/** Whether the line that ends at `at` is a heading. */
function isHeading(text: string, start: number, at: number): boolean {
  const line = Math.max(start, text.lastIndexOf("\n", at) + 1);
  return HEADING_LINE.test(text.slice(line, line + 40));
}

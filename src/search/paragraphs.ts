import { type TextRange, trimRange } from "./text-range.ts";

export interface Paragraph extends TextRange {
  /** Whether it begins with a heading, and so a section. */
  readonly hasHeading: boolean;
}

/** Markdown: fences of code, headings by number signs, and by a line under them. */
const FENCE = /^[ \t]*(?:```|~~~)/;
const HEADING = /^[ \t]*#{1,6}[ \t]/;
const UNDERLINE = /^[ \t]*(?:={2,}|-{3,})[ \t]*$/;
/** As much of a line as these look at. */
const LINE_BEGINNING = 200;

/**
 * The paragraphs of a text: what blank lines part. A heading belongs to the paragraph after it, which it is about; a
 * fenced block of code is one paragraph whatever blank lines it holds.
 *
 * @param within default: all of the text
 */
export function splitParagraphs(text: string, within: TextRange = { start: 0, end: text.length }): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  let isInFence = false;
  let heading: number | undefined; // where the headings above the next paragraph begin
  let start: number | undefined; // where the paragraph begins
  let lines = 0;
  const finish = (end: number) => {
    if (start === undefined && heading === undefined) return;
    const range = trimRange(text, { start: heading ?? start!, end });
    if (range.end > range.start) paragraphs.push({ ...range, hasHeading: heading !== undefined });
    heading = start = undefined;
  };
  for (const line of lineRanges(text, within)) {
    const beginning = text.slice(line.start, Math.min(line.end, line.start + LINE_BEGINNING));
    const isFence = FENCE.test(beginning);
    if (isFence) isInFence = !isInFence;
    const isPlain = !isFence && !isInFence;
    if (isPlain && HEADING.test(beginning)) {
      if (start !== undefined) finish(line.start);
      heading ??= line.start;
    } else if (isPlain && lines === 1 && start !== undefined && UNDERLINE.test(beginning)) {
      heading ??= start;
      start = undefined;
    } else if (isPlain && beginning.trim() === "") {
      if (start !== undefined) finish(line.start);
    } else {
      lines = start === undefined ? 1 : lines + 1;
      start ??= line.start;
    }
  }
  finish(within.end);
  return paragraphs;
}

function* lineRanges(text: string, within: TextRange): Generator<TextRange> {
  for (let { start } = within; start < within.end; ) {
    const feed = text.indexOf("\n", start);
    const end = feed === -1 || feed > within.end ? within.end : feed;
    yield { start, end };
    start = end + 1;
  }
}

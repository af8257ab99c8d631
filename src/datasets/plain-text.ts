import { baseName } from "#platform";
import { readData } from "./data-file.ts";
import { readLines } from "./lines.ts";
import type { BadRowOptions } from "./source-row.ts";

/** A piece of a corpus of plain text. */
export interface CorpusText {
  readonly text: string;
  /** From 0: which of the file's documents, parted by blank lines, it is of. */
  readonly document: number;
  /** Its first line, from 1. */
  readonly line: number;
}

/** How `readPlainText` parts a file. */
export interface PlainTextOptions extends BadRowOptions {
  /** `line`: each line that is not blank; `paragraph`: lines up to a blank one, joined by line ends. Default: line. */
  readonly unit?: "line" | "paragraph" | undefined;
}

/** A paragraph is cut when it grows beyond this, so that a file without blank lines does not fill the memory. */
const LARGEST_PARAGRAPH = 2 ** 20;

/** The texts of a plain text file, gzip or not. */
export async function* readPlainText(file: string, options: PlainTextOptions = {}): AsyncGenerator<CorpusText> {
  const { unit = "line" } = options;
  let [document, hasText, length] = [0, false, 0];
  let paragraph: string[] = [];
  let line = 0;
  for await (const { text, number } of readLines(readData(file), baseName(file), options)) {
    const isBlank = text.trim() === "";
    if (paragraph.length > 0 && (isBlank || length > LARGEST_PARAGRAPH)) {
      yield { text: paragraph.join("\n"), document, line };
      [paragraph, length] = [[], 0];
    }
    if (isBlank) {
      if (hasText) document++;
      hasText = false;
    } else {
      hasText = true;
      if (unit === "line") yield { text, document, line: number };
      else {
        if (paragraph.length === 0) line = number;
        paragraph.push(text);
        length += text.length;
      }
    }
  }
  if (paragraph.length > 0) yield { text: paragraph.join("\n"), document, line };
}

import { InputError } from "../errors.ts";
import { readLines } from "./lines.ts";
import { type BadRowOptions, reportBadRow, type SourceRow } from "./source-row.ts";

export interface ConllOptions extends BadRowOptions {
  /** Which column holds the token, from 0. Default: 0, and 1 in CoNLL-U. */
  readonly tokenColumn?: number | undefined;
  /** Which column holds the tag, from 0; below 0 from the end. Default: -1, the last; in CoNLL-U 3, the universal tag. */
  readonly tagColumn?: number | undefined;
  /** CoNLL-U: columns at tabs, lines of "#" are comments, and ranges and empty nodes are no tokens. Default: false. */
  readonly universal?: boolean | undefined;
}

interface Sentence {
  readonly tokens: string[];
  readonly tags: string[];
  readonly line: number;
}

/**
 * The sentences of a CoNLL file: one token a line in columns parted by white space, a blank line between sentences. Lines
 * that begin with -DOCSTART- part documents and are passed over.
 *
 * @param name what errors call the file
 * @returns rows of `tokens` and `tags`
 * @throws InputError naming the line when it has another number of columns than the first.
 */
export async function* readConll(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  name: string,
  options: ConllOptions = {},
): AsyncGenerator<SourceRow> {
  const { universal = false, tokenColumn = universal ? 1 : 0, tagColumn = universal ? 3 : -1 } = options;
  let width: number | undefined;
  let sentence: Sentence | undefined;
  let fault: InputError | undefined;
  const finish = function* (): Generator<SourceRow> {
    if (fault !== undefined) reportBadRow(fault, options);
    else if (sentence !== undefined) {
      yield { values: { tokens: sentence.tokens, tags: sentence.tags }, where: `${name}, line ${sentence.line}` };
    }
    [sentence, fault] = [undefined, undefined];
  };
  for await (const { text, number } of readLines(chunks, name, options)) {
    if (text.trim() === "") yield* finish();
    else if (!isBesides(text, universal)) {
      const cells = universal ? text.split("\t") : text.trim().split(/\s+/);
      width ??= cells.length;
      const [token, tag] = [cells.at(tokenColumn), cells.at(tagColumn)];
      if (cells.length === width && token !== undefined && tag !== undefined) {
        sentence ??= { tokens: [], tags: [], line: number };
        sentence.tokens.push(token);
        sentence.tags.push(tag);
      } else {
        const wanted = Math.max(width, tokenColumn + 1, tagColumn + 1);
        fault ??= new InputError(`${name}, line ${number} has ${cells.length} columns; expected ${wanted}.`);
      }
    }
  }
  yield* finish();
}

/** Lines that hold no token. */
function isBesides(text: string, universal: boolean): boolean {
  return text.startsWith("-DOCSTART-") || (universal && /^(#|\d+[-.]\d+\t)/.test(text));
}

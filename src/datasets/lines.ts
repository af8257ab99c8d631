import { InputError } from "../errors.ts";
import { type BadRowOptions, reportBadRow } from "./source-row.ts";

/** A line of a text file, without its end. */
export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** The longest string that every version of JavaScript's engines can hold is 2^29 units; a line stays well below. */
const LONGEST_LINE_BYTES = 256 * 2 ** 20;

/**
 * The lines of a text file in UTF-8, read as they come: memory holds one line. Lines end with LF or CRLF; a byte order
 * mark is left out; an empty file has no lines, and the end of the last one does not begin another.
 *
 * @param name what errors call the file
 * @throws InputError naming the line when it is not UTF-8 or longer than 256 MiB.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  name: string,
  options: BadRowOptions = {},
): AsyncGenerator<Line> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let number = 0;
  const finish = (end: Uint8Array): Line | undefined => {
    const bytes = pending.length === 0 ? end : concat([...pending, end], pendingBytes + end.length);
    pending = [];
    pendingBytes = 0;
    number++;
    const text = decodeLine(decoder, bytes);
    if (text === undefined) {
      reportBadRow(new InputError(`${name}, line ${number} is not valid UTF-8. Save the file as UTF-8.`), options);
      return undefined;
    }
    return { text: number === 1 && text.startsWith("\ufeff") ? text.slice(1) : text, number };
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      const line = finish(chunk.subarray(start, end));
      if (line !== undefined) yield line;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    pending.push(chunk.subarray(start));
    pendingBytes += chunk.length - start;
    if (pendingBytes > LONGEST_LINE_BYTES) {
      throw new InputError(`${name}, line ${number + 1} is longer than 256 MiB. Break it up.`);
    }
  }
  const last = pendingBytes > 0 ? finish(new Uint8Array(0)) : undefined;
  if (last !== undefined) yield last;
}

/** Undefined where the bytes are not UTF-8. */
function decodeLine(decoder: TextDecoder, bytes: Uint8Array): string | undefined {
  const line = bytes.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes;
  try {
    return decoder.decode(line);
  } catch {
    return undefined;
  }
}

function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

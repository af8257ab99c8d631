import { closeSync, createReadStream, existsSync, ftruncateSync, openSync } from "node:fs";
import { InputError } from "../errors.ts";
import type { OutputFlags } from "./flags.ts";

/** What an earlier run of the same command left in `FILE.partial`. */
export interface FinishedLines {
  readonly count: number;
  /** The `text` of the last one. */
  readonly lastText: string | undefined;
  /** There is no partial file, but the output itself: that run came to its end. */
  readonly isWhole: boolean;
}

const LINE_FEED = 0x0a;

/** Where a command with `--resume` writes until its output is whole. */
export function partialOutput(output: string): string {
  return `${output}.partial`;
}

/**
 * The whole lines of `FILE.partial`. A last line without its end, which a kill or a full disk has cut, is taken off the
 * file.
 *
 * @throws InputError when `--resume` stands without `--output`, or a line is no result of a command.
 */
export async function readFinishedLines({ output }: OutputFlags): Promise<FinishedLines> {
  if (output === undefined) throw new InputError("--resume goes on with a file; pass --output FILE with it.");
  const partial = partialOutput(output);
  if (!existsSync(partial)) return { count: 0, lastText: undefined, isWhole: existsSync(output) };
  let count = 0;
  let whole = 0; // bytes up to the end of the last whole line
  let read = 0;
  let last: Uint8Array[] = []; // the last whole line, then what follows it
  let following: Uint8Array[] = [];
  for await (const chunk of createReadStream(partial) as AsyncIterable<Uint8Array>) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      last = [...following, chunk.subarray(start, end)];
      following = [];
      start = end + 1;
      whole = read + start;
      count++;
    }
    following.push(chunk.subarray(start));
    read += chunk.length;
  }
  if (whole < read) truncate(partial, whole);
  const lastText = count === 0 ? undefined : textOf(Buffer.concat(last).toString("utf8"), partial, count);
  return { count, lastText, isWhole: false };
}

/**
 * The texts that have no finished line yet.
 *
 * @throws InputError when the input is not the one that the finished lines came from.
 */
export async function* withoutFinished(
  texts: AsyncIterable<string>,
  { count, lastText }: FinishedLines,
): AsyncGenerator<string> {
  let index = 0;
  for await (const text of texts) {
    index++;
    if (index === count && text !== lastText) throw otherInput(`text ${count} is another one there`);
    if (index > count) yield text;
  }
  if (index < count) throw otherInput(`it has ${count} finished lines, the input ${index} texts`);
}

function otherInput(difference: string): InputError {
  return new InputError(
    `--resume: the partial output belongs to another input: ${difference}. Remove it, or name another --output.`,
  );
}

function truncate(file: string, bytes: number): void {
  const descriptor = openSync(file, "r+");
  ftruncateSync(descriptor, bytes);
  closeSync(descriptor);
}

function textOf(line: string, file: string, number: number): string {
  let text: unknown;
  try {
    text = (JSON.parse(line) as { text?: unknown } | null)?.text;
  } catch {
    text = undefined;
  }
  if (typeof text !== "string") throw new InputError(`${file}, line ${number} is no result of this command.`);
  return text;
}

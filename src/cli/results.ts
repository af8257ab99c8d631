import { type FileHandle, open } from "node:fs/promises";
import { movePath, partialName, pathKind, removePath } from "#platform";
import { InputError } from "../errors.ts";
import type { CommonFlags, OutputFlags, OutputForm } from "./flags.ts";
import type { Reporter } from "./reporter.ts";
import { partialOutput } from "./resume.ts";
import { type Terminal, writeText } from "./terminal.ts";

/** The two faces of a command's results. */
export interface ResultForms<R> {
  /** The object of one line, in a pipe, in a file or with `--json`. */
  json(result: R): object;
  /** For people on a terminal, without the last line end. */
  text(result: R): string;
}

/**
 * Writes results as they come: to the file that `--output` names, else to stdout. Nothing is held back, and a slow reader
 * slows the work down. The file appears under its name when it is whole; what was finished before a failure stays beside
 * it, in `FILE.partial`.
 */
export async function writeResults<R>(
  results: AsyncIterable<R> | Iterable<R>,
  forms: ResultForms<R>,
  flags: CommonFlags & OutputFlags,
  terminal: Terminal,
  reporter: Reporter,
): Promise<void> {
  if (flags.output !== undefined) return writeFile(results, forms, flags.output, flags.resume === true, reporter);
  const form = isForPeople(flags, terminal) ? forms.text : (result: R) => JSON.stringify(forms.json(result));
  for await (const result of results) {
    const text = form(result);
    reporter.clear();
    await writeText(terminal.stdout, `${text}\n`);
  }
}

/** Whether a person reads stdout, who wants no JSON. */
export function isForPeople(flags: OutputForm & OutputFlags, { stdout }: Terminal): boolean {
  return flags.json !== true && flags.output === undefined && stdout.isTTY === true;
}

async function writeFile<R>(
  results: AsyncIterable<R> | Iterable<R>,
  forms: ResultForms<R>,
  output: string,
  isResumed: boolean,
  reporter: Reporter,
): Promise<void> {
  const kind = pathKind(output);
  if (kind === "folder") throw new InputError(`--output "${output}" is a folder; expected a file's name.`);
  // A device or a named pipe is written to where it is: renaming a file over it would put it out of place.
  const target = kind === "other" ? output : isResumed ? partialOutput(output) : partialName(output);
  const file = await openForWriting(target, output, kind === "other" ? "w" : isResumed ? "a" : "wx");
  let lines = 0;
  try {
    for await (const result of results) {
      await file.write(`${JSON.stringify(forms.json(result))}\n`);
      lines++;
    }
    if (target !== output) await file.sync();
    await file.close();
    if (target !== output) movePath(target, output);
  } catch (error) {
    await file.close().catch(() => undefined);
    if (target !== output) keepFinished(target, output, lines, reporter);
    throw error;
  }
}

async function openForWriting(target: string, output: string, flag: "w" | "wx" | "a"): Promise<FileHandle> {
  try {
    return await open(target, flag);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "its folder is not there" : String(cause);
    throw new InputError(`--output "${output}" cannot be written: ${reason}.`, { cause });
  }
}

function keepFinished(target: string, output: string, lines: number, reporter: Reporter): void {
  if (lines === 0) {
    if (target !== partialOutput(output)) removePath(target);
    return;
  }
  const kept = partialOutput(output);
  if (target !== kept) movePath(target, kept);
  reporter.note(`stopped early; the ${lines} finished lines are in ${kept}.`);
}

/** An f32's shortest useful digits: nine significant ones name it exactly. */
export function shortNumbers(numbers: Float32Array): number[] {
  return Array.from(numbers, (number) => Number(number.toPrecision(9)));
}

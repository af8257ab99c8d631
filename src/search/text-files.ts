import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../errors.ts";

export interface TextFile {
  /** As it was named, or found below a folder that was named. */
  readonly file: string;
  readonly text: string;
}

export interface TextFileOptions {
  /** Called with one sentence about each file that is passed over or read with a loss. */
  readonly onNote: (sentence: string) => void;
}

/** What one string can hold with room to spare. */
const LARGEST_BYTES = 256 * 2 ** 20;
/** Where a file has a NUL in so many bytes it is taken to be binary, as by git. */
const PROBED_BYTES = 8000;

/**
 * The text files at these paths; folders with all that lies below them, except names that begin with a dot and
 * `node_modules`. Binary files are passed over. Reads one file at a time.
 *
 * @throws InputError when a path that was named is not there or cannot be read.
 */
export function* readTextFiles(paths: readonly string[], options: TextFileOptions): Generator<TextFile> {
  for (const path of paths) {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) {
      throw new InputError(`There is no file or folder "${path}" to search.`);
    }
  }
  const binary: string[] = [];
  for (const path of paths) {
    for (const file of statSync(path).isDirectory() ? filesBelow(path, options) : [path]) {
      const text = readText(file, file === path, binary, options);
      if (text !== undefined) yield { file, text };
    }
  }
  if (binary.length === 1) options.onNote(`${binary[0]} is binary and was passed over.`);
  if (binary.length > 1) options.onNote(`${binary.length} binary files were passed over, ${binary[0]} among them.`);
}

/** In the order of their names, so that results do not depend on the file system. Links to folders are not followed. */
function* filesBelow(folder: string, options: TextFileOptions): Generator<string> {
  let entries: ReturnType<typeof readEntries>;
  try {
    entries = readEntries(folder);
  } catch (error) {
    options.onNote(`${folder} cannot be read (${(error as NodeJS.ErrnoException).code}) and was passed over.`);
    return;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    if (entry.isDirectory()) yield* filesBelow(path, options);
    else if (entry.isFile() || (entry.isSymbolicLink() && statSync(path, { throwIfNoEntry: false })?.isFile()))
      yield path;
  }
}

function readEntries(folder: string) {
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readText(file: string, isNamed: boolean, binary: string[], { onNote }: TextFileOptions): string | undefined {
  try {
    const size = statSync(file).size;
    if (size > LARGEST_BYTES) {
      onNote(`${file} is larger than 256 MiB and was passed over.`);
      return undefined;
    }
    if (isBinary(file)) {
      binary.push(file);
      return undefined;
    }
    return decode(readFileSync(file), file, onNote);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    if (isNamed) throw new InputError(`"${file}" cannot be read: ${code}.`, { cause: error });
    onNote(`${file} cannot be read (${code}) and was passed over.`);
    return undefined;
  }
}

function isBinary(file: string): boolean {
  const descriptor = openSync(file, "r");
  try {
    const bytes = new Uint8Array(PROBED_BYTES);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, PROBED_BYTES, 0)).includes(0);
  } finally {
    closeSync(descriptor);
  }
}

/** A byte order mark stays, so that ranges fit what others read of the file. */
function decode(bytes: Uint8Array, file: string, onNote: TextFileOptions["onNote"]): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    onNote(`${file} is not valid UTF-8; the bytes that are none were read as U+FFFD.`);
  }
  if (text.trim() === "") onNote(`${file} is empty.`);
  return text;
}

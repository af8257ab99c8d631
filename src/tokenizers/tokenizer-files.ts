import { joinPath, openFile, pathKind } from "#platform";
import { TokenizerError } from "../errors.ts";
import { Fields } from "./fields.ts";

/** Files beside each other, wherever they lie: in a folder, fetched, or in memory. */
export interface TokenizerFiles {
  /** As errors name the whole. */
  readonly name: string;
  /** The bytes of a file, undefined where there is none of that name. */
  read(file: string): Uint8Array | undefined | Promise<Uint8Array | undefined>;
}

/** The largest tokenizer files in use (260,000 tokens with their merges) have half of this. */
const MAX_BYTES = 64 * 2 ** 20;
/** Keys of objects are what takes time to parse: a million tokens, and all else that a file may hold. */
const MAX_KEYS = 1.25 * 2 ** 20;
/** So are lists: two million merges, each a list of two, and all else. */
const MAX_LISTS = 2.25 * 2 ** 20;

/** The files of a folder. */
export function folderFiles(folder: string): TokenizerFiles {
  return {
    name: folder,
    read(file) {
      const path = joinPath(folder, file);
      if (pathKind(path) !== "file") return undefined;
      const source = openFile(path);
      checkSize(file, source.size);
      return source.read(0, source.size);
    },
  };
}

/** The text of a file. @throws TokenizerError when it is too large or not UTF-8. */
export function decodeText(file: string, bytes: Uint8Array): string {
  checkSize(file, bytes.length);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new TokenizerError(`${file} is not valid UTF-8.`);
  }
}

/** The object that a JSON file holds. @throws TokenizerError when it holds none. */
export function parseJson(file: string, bytes: Uint8Array): Fields {
  checkCount(file, bytes, ":", { what: "keys", most: MAX_KEYS });
  checkCount(file, bytes, "[", { what: "lists", most: MAX_LISTS });
  const text = decodeText(file, bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TokenizerError(`${file} is not valid JSON: ${(cause as Error).message}`, { cause });
  }
  return new Fields(value, file);
}

/** Counts what begins with a character, before anything is parsed. Texts may have it, too: then the count is too high. */
function checkCount(
  file: string,
  bytes: Uint8Array,
  character: string,
  { what, most }: { what: string; most: number },
): void {
  const byte = character.charCodeAt(0);
  let count = 0;
  for (let at = bytes.indexOf(byte); at >= 0; at = bytes.indexOf(byte, at + 1)) count++;
  if (count > most) throw new TokenizerError(`${file} has ${count} ${what}; at most ${most} are read.`);
}

function checkSize(file: string, bytes: number): void {
  if (bytes <= MAX_BYTES) return;
  const [size, limit] = [bytes, MAX_BYTES].map((count) => Math.round(count / 2 ** 20));
  throw new TokenizerError(`${file} has ${size} MiB; tokenizer files of at most ${limit} MiB are read.`);
}

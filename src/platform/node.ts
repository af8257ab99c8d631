/**
 * What Cloze needs of the machine, under Node. `browser.ts` has the same names; both stand behind `#platform`, and below
 * `tasks/` no other file may import `node:*`. Paths use "/" on every system, which Node accepts everywhere.
 */
import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";

export { physicalCores } from "./node-cores.ts";
export { type HeldLock, holdLock } from "./node-lock.ts";
export { memoryLimit } from "./node-memory.ts";
export { environmentVariable, loadAddon, machineName, readPackagedFile } from "./node-package.ts";
export {
  type Digest,
  freeSpace,
  homeFolder,
  linkOrCopy,
  openPartial,
  type PartialFile,
  startDigest,
} from "./node-partial-file.ts";
export { isProcessAlive, removeStale } from "./node-stale-file.ts";
export { type MessageWorker, nextMessages, startWorker, type WorkerPort, workerPort } from "./node-workers.ts";

/** A file that bytes are read from, wherever it lies. */
export interface ByteSource {
  /** As errors name it. */
  readonly name: string;
  /** Bytes in all. */
  readonly size: number;
  /**
   * Bytes `start` to `start + length`, into `target` when given. Callers must not write to what they get.
   *
   * @throws Error when the source is shorter or no longer what it was when it was opened.
   */
  read(start: number, length: number, target?: Uint8Array): Uint8Array;
}

/** What stands at a path: nothing, a file, a folder, or something that is neither. Links are followed. */
export type PathKind = "missing" | "file" | "folder" | "other";

export function pathKind(where: string): PathKind {
  const entry = fs.statSync(where, { throwIfNoEntry: false });
  if (entry === undefined) return "missing";
  if (entry.isFile()) return "file";
  return entry.isDirectory() ? "folder" : "other";
}

/** Names in a folder, sorted. */
export function listFolder(folder: string): string[] {
  return fs.readdirSync(folder).sort();
}

/** The path with every link resolved; it must exist. */
export function realPath(where: string): string {
  return fs.realpathSync(where);
}

/** How many names the file has on disk: more than 1 for a hard link. */
export function linkCount(file: string): number {
  return fs.statSync(file).nlink;
}

export function joinPath(...parts: string[]): string {
  return path.join(...parts);
}

/** The last name of a path. */
export function baseName(where: string): string {
  return path.basename(path.resolve(where));
}

/** Whether `inner`, a real path, lies inside `folder`, a real path. */
export function isInside(folder: string, inner: string): boolean {
  const relative = path.relative(folder, inner);
  return relative !== "" && relative.split(path.sep)[0] !== ".." && !path.isAbsolute(relative);
}

/** A whole file. Use it for files whose size is known to be small; `openFile` reads ranges. */
export function readFile(file: string): Uint8Array {
  return fs.readFileSync(file);
}

/**
 * Opens a file for reading ranges. Nothing is held open between reads: each read opens the file again and makes sure
 * that it is still the one that was opened, so a file replaced or changed meanwhile is an error and never mixed data.
 */
export function openFile(file: string): ByteSource {
  const opened = fs.statSync(file, { bigint: true });
  const size = Number(opened.size);
  return { name: file, size, read: (start, length, target) => readRange(file, opened, start, length, target) };
}

function readRange(file: string, opened: fs.BigIntStats, start: number, length: number, target?: Uint8Array) {
  const bytes = target?.subarray(0, length) ?? new Uint8Array(length);
  if (bytes.length !== length) throw new Error(`the target holds ${bytes.length} bytes, not ${length}`);
  const descriptor = fs.openSync(file, "r");
  try {
    const now = fs.fstatSync(descriptor, { bigint: true });
    if (now.ino !== opened.ino || now.size !== opened.size || now.mtimeNs !== opened.mtimeNs) {
      throw new Error("the file was changed or replaced after it was opened");
    }
    // One call may return less than asked: network file systems do, and Linux stops at 2 GiB.
    for (let done = 0; done < length; ) {
      const got = fs.readSync(descriptor, bytes, done, length - done, start + done);
      if (got === 0) throw new Error(`the file ends at byte ${start + done}, before byte ${start + length}`);
      done += got;
    }
  } finally {
    fs.closeSync(descriptor);
  }
  return bytes;
}

/** Makes the folder and those above it; one that is there already is fine. */
export function makeFolder(folder: string): void {
  fs.mkdirSync(folder, { recursive: true });
}

/** A name beside `target` that no one else uses, for what is renamed into place when it is whole. */
export function partialName(target: string): string {
  return `${path.resolve(target)}.${randomBytes(4).toString("hex")}.partial`;
}

/**
 * Writes a file beside its place, syncs it to disk and renames it: at every moment there is the old file or the whole
 * new one, also after a power cut. Fails without leaving anything behind.
 */
export function writeFile(file: string, chunks: Iterable<Uint8Array>): void {
  const partial = partialName(file);
  try {
    writeSynced(partial, chunks);
    fs.renameSync(partial, file);
    syncFolder(path.dirname(path.resolve(file)));
  } catch (error) {
    fs.rmSync(partial, { force: true });
    throw error;
  }
}

/** `writeFile` of a text, in UTF-8. */
export function writeTextFile(file: string, text: string): void {
  writeFile(file, [new TextEncoder().encode(text)]);
}

function writeSynced(file: string, chunks: Iterable<Uint8Array>): void {
  const descriptor = fs.openSync(file, "wx");
  try {
    for (const chunk of chunks) {
      for (let done = 0; done < chunk.length; ) done += fs.writeSync(descriptor, chunk, done);
    }
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Makes renames in a folder durable. Windows cannot sync folders and does not need to. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const descriptor = fs.openSync(folder, "r");
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Renames a file or a folder and makes that durable. */
export function movePath(from: string, to: string): void {
  fs.renameSync(from, to);
  syncFolder(path.dirname(path.resolve(to)));
}

/** Removes a file or a folder with all that it holds; a missing one is fine. */
export function removePath(where: string): void {
  fs.rmSync(where, { recursive: true, force: true });
}

/** SHA-256 as 64 hexadecimal digits. */
export function sha256(chunks: Iterable<Uint8Array>): string {
  const hash = createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}

/** The folder of an installed npm package, or undefined when it is not there. */
export function findPackage(name: string): string | undefined {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  // The working directory's packages as well: Cloze may be installed globally and the model beside the project.
  const candidates = [...folders, path.join(process.cwd(), "node_modules")].map((folder) => path.join(folder, name));
  return candidates.find((folder) => pathKind(path.join(folder, "package.json")) === "file");
}

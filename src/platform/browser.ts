/**
 * What Cloze needs of the machine, in a browser: the names of `node.ts`. Files are those given to `mountFiles`, in
 * memory or as Blobs; writing and installed packages do not exist here and say so.
 */
import { InputError } from "../errors.ts";
import type { ByteSource, PathKind } from "./node.ts";
import type { HeldLock } from "./node-lock.ts";
import type { Digest, PartialFile } from "./node-partial-file.ts";

export { environmentVariable, loadAddon, machineName, physicalCores, readPackagedFile } from "./browser-package.ts";
export { nextMessages, startWorker, workerPort } from "./browser-workers.ts";
export type { ByteSource, PathKind } from "./node.ts";
export type { HeldLock } from "./node-lock.ts";
export type { Digest, PartialFile } from "./node-partial-file.ts";
export type { MessageWorker, WorkerPort } from "./node-workers.ts";

const files = new Map<string, Uint8Array | Blob>();

/** Browsers do not tell. */
export function memoryLimit(): number {
  return Number.POSITIVE_INFINITY;
}

/**
 * Makes files readable under `folder`, by their paths within it. A Blob (a picked file, say) is read in ranges and only
 * inside a worker, where browsers allow blocking reads; elsewhere pass bytes.
 */
export function mountFiles(folder: string, contents: Iterable<readonly [string, Uint8Array | Blob]>): void {
  for (const [name, content] of contents) files.set(joinPath(folder, name), content);
}

/** Forgets all files under a folder. */
export function unmountFiles(folder: string): void {
  for (const name of files.keys()) if (isInside(joinPath(folder), name)) files.delete(name);
}

export function pathKind(where: string): PathKind {
  const name = joinPath(where);
  if (files.has(name)) return "file";
  return [...files.keys()].some((file) => isInside(name, file)) ? "folder" : "missing";
}

export function listFolder(folder: string): string[] {
  const prefix = folderPrefix(joinPath(folder));
  const inside = [...files.keys()].filter((file) => file.startsWith(prefix));
  return [...new Set(inside.map((file) => file.slice(prefix.length).split("/")[0]!))].sort();
}

export function realPath(where: string): string {
  return joinPath(where);
}

export function linkCount(_file: string): number {
  return 1;
}

export function joinPath(...parts: string[]): string {
  const names: string[] = [];
  for (const name of parts.join("/").split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names.join("/");
}

export function baseName(where: string): string {
  return joinPath(where).split("/").at(-1)!;
}

export function isInside(folder: string, inner: string): boolean {
  return inner !== folder && inner.startsWith(folderPrefix(folder));
}

/** The mounted root is "", and every name lies in it. */
function folderPrefix(folder: string): string {
  return folder === "" ? "" : `${folder}/`;
}

export function readFile(file: string): Uint8Array {
  const source = openFile(file);
  return source.read(0, source.size);
}

export function openFile(file: string): ByteSource {
  const content = files.get(joinPath(file));
  if (content === undefined) throw new InputError(`"${file}" is not among the mounted files. Pass it to mountFiles.`);
  const size = content instanceof Blob ? content.size : content.length;
  return { name: file, size, read: (start, length, target) => readRange(file, content, start, length, target) };
}

function readRange(file: string, content: Uint8Array | Blob, start: number, length: number, target?: Uint8Array) {
  const bytes =
    content instanceof Blob
      ? readBlob(file, content.slice(start, start + length))
      : content.subarray(start, start + length);
  if (bytes.length !== length) throw new Error(`the file ends at byte ${start + bytes.length}`);
  if (target === undefined) return bytes;
  target.set(bytes);
  return target.subarray(0, length);
}

/** Exists in workers only, and not in TypeScript's DOM library. */
declare const FileReaderSync: undefined | (new () => { readAsArrayBuffer(blob: Blob): ArrayBuffer });

function readBlob(file: string, blob: Blob): Uint8Array {
  if (typeof FileReaderSync === "undefined") {
    throw new InputError(`"${file}" is a Blob, which only a worker can read in place. Mount its bytes instead.`);
  }
  return new Uint8Array(new FileReaderSync().readAsArrayBuffer(blob));
}

export function findPackage(_name: string): string | undefined {
  return undefined;
}

export function makeFolder(folder: string): void {
  notHere("make the folder", folder);
}

export function partialName(target: string): string {
  return notHere("write", target);
}

export function writeFile(file: string, _chunks: Iterable<Uint8Array>): void {
  notHere("write", file);
}

export function writeTextFile(file: string, _text: string): void {
  notHere("write", file);
}

export function movePath(_from: string, to: string): void {
  notHere("write", to);
}

export function removePath(where: string): void {
  notHere("remove", where);
}

export function sha256(_chunks: Iterable<Uint8Array>): string {
  return notHere("hash", "bytes");
}

export async function holdLock(file: string, _signal?: AbortSignal): Promise<HeldLock> {
  return notHere("lock", file);
}

export function removeStale(file: string, _found: string): boolean {
  return notHere("remove", file);
}

export function isProcessAlive(pid: number): boolean {
  return notHere("look for process", String(pid));
}

export function openPartial(file: string): PartialFile {
  return notHere("write", file);
}

export function linkOrCopy(_file: string, place: string): void {
  notHere("write", place);
}

export function startDigest(_algorithm: "sha256" | "sha1"): Digest {
  return notHere("hash", "bytes");
}

export function freeSpace(_folder: string): number | undefined {
  return undefined;
}

/** Nothing is kept between visits, so nothing is found there. */
export function homeFolder(): string {
  return "";
}

function notHere(action: string, what: string): never {
  throw new InputError(`Cannot ${action} "${what}" in a browser: this needs Node.`);
}

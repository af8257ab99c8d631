/** One file of a repository into the cache: whole, of the right length and hash, or not at all. */
import {
  type Digest,
  freeSpace,
  type HeldLock,
  holdLock,
  joinPath,
  movePath,
  openFile,
  openPartial,
  type PartialFile,
  pathKind,
  removePath,
  startDigest,
} from "#platform";
import { CheckpointError, InputError } from "../../errors.ts";
import { isDiskFault } from "./disk-fault.ts";
import type { HubCache } from "./hub-cache.ts";
import { PassingFailure } from "./hub-errors.ts";
import { askOnce, type HubRequest, readBody, waitToRepeat } from "./hub-request.ts";

/** What the hub says about a file before it sends it. */
export interface HubFile {
  readonly name: string;
  /** Hash of the content: SHA-256 of large files, git's SHA-1 of small ones. */
  readonly etag: string;
  readonly size: number;
  /** Where its bytes are. */
  readonly url: string;
}

/** Bytes of one read of what is there already. */
const PIECE = 1 << 20;

export interface FileDownload {
  readonly cache: HubCache;
  readonly file: HubFile;
  readonly commit: string;
  readonly request: Omit<HubRequest, "url" | "method" | "headers">;
  /** Called with the bytes that are there now, resumed ones included. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * Fetches a file unless its blob is there, and puts it into the snapshot. Bytes go to a file of this process's own beside
 * the blob and become the blob when length and hash are right: whenever the process ends, what lies under a blob's name
 * is whole. Bytes that a process left are taken over where a hash can tell that they are right.
 *
 * @throws CheckpointError when the hub sends something else than it promised; InputError when the disk has no room for
 *   it; OverloadError when the hub stays silent.
 */
export async function downloadFile(download: FileDownload): Promise<void> {
  const { cache, file, commit, request, onBytes } = download;
  const lock = await holdLock(cache.lock(file.etag), request.signal);
  try {
    if (pathKind(cache.blob(file.etag)) !== "file") await fetchBlob(download, lock);
    cache.place(file.etag, commit, file.name);
    onBytes(file.size);
  } finally {
    lock.release();
  }
}

async function fetchBlob(download: FileDownload, lock: HeldLock): Promise<void> {
  const { cache, file } = download;
  const blob = cache.blob(file.etag);
  const own = `${blob}.${lock.key}.incomplete`;
  const left = `${blob}.incomplete`;
  takeOver(cache.incomplete(file.etag), own, download);
  const partial = openPartial(own);
  let isLeft = false;
  try {
    checkSpace(download, partial.size);
    await fillWhole(partial, own, download);
    partial.sync();
    movePath(own, blob);
  } catch (error) {
    isLeft = partial.size > 0 && !isDiskFault(error) && !(error instanceof CheckpointError);
    throw error;
  } finally {
    partial.close();
    if (isLeft) movePath(own, left);
    else removePath(own);
  }
}

/** Of what others left the longest goes on; the rest is removed. What no hash could check is not trusted. */
function takeOver(candidates: readonly string[], own: string, { file }: FileDownload): void {
  const sizeOf = (path: string) => (pathKind(path) === "file" ? openFile(path).size : -1);
  const isUsable = (path: string) => hashOf(file) !== undefined && sizeOf(path) > 0 && sizeOf(path) <= file.size;
  const [best, ...others] = [...candidates].sort((a, b) => sizeOf(b) - sizeOf(a));
  if (best !== undefined && isUsable(best)) movePath(best, own);
  else if (best !== undefined) removePath(best);
  for (const other of others) removePath(other);
}

/** Fetches what is missing and checks it; bytes taken over that turn out wrong are fetched again, once. */
async function fillWhole(partial: PartialFile, own: string, download: FileDownload): Promise<void> {
  const resumed = partial.size;
  await fill(partial, download);
  const wrong = findWrong(own, download.file);
  if (wrong === undefined) return;
  if (resumed > 0) {
    partial.restart();
    await fill(partial, download);
    if (findWrong(own, download.file) === undefined) return;
  }
  throw new CheckpointError(
    `${wrong} Nothing was kept. Try again, or ask who runs ${download.request.asked.endpoint}.`,
  );
}

/** Asks for the rest until the file is full. Tries begin anew whenever it has grown, which its size bounds. */
async function fill(partial: PartialFile, download: FileDownload): Promise<void> {
  const { file, request } = download;
  let most = partial.size;
  for (let tries = 1; partial.size < file.size; tries++) {
    const failure = await fetchRest(partial, download);
    if (partial.size >= file.size) return;
    if (partial.size > most) tries = 1;
    most = Math.max(most, partial.size);
    await waitToRepeat(tries, failure ?? new PassingFailure(tooShort(download, partial.size)), request);
  }
}

/** Asks for the rest once. Returns what interrupted it, if anything did. */
async function fetchRest(partial: PartialFile, download: FileDownload): Promise<PassingFailure | undefined> {
  const { file, request, onBytes } = download;
  const range = partial.size > 0 ? { range: `bytes=${partial.size}-` } : {};
  const asking: HubRequest = { ...request, url: file.url, method: "GET", headers: range };
  try {
    const { response } = await askOnce(asking);
    // Some hosts ignore a range or send another one: then everything is on its way again.
    if (partial.size > 0 && !continuesAt(response, partial.size)) {
      partial.restart();
      if (response.status === 206) return undefined;
    }
    for await (const bytes of readBody(response, asking)) {
      if (partial.size + bytes.length > file.size) throw tooLong(download);
      partial.append(bytes);
      onBytes(partial.size);
    }
  } catch (error) {
    if (error instanceof PassingFailure) return error;
    throw error;
  }
  return undefined;
}

function continuesAt(response: Response, size: number): boolean {
  return response.status === 206 && (response.headers.get("content-range") ?? "").startsWith(`bytes ${size}-`);
}

/** A sentence when what was fetched is not what the hub promised. */
function findWrong(path: string, file: HubFile): string | undefined {
  const expected = hashOf(file);
  if (expected === undefined) return undefined;
  const digest: Digest = startDigest(expected);
  // Small files are named by git, which hashes "blob", the length and a zero byte before the content.
  if (expected === "sha1") digest.update(new TextEncoder().encode(`blob ${file.size}\0`));
  const source = openFile(path);
  for (let at = 0; at < source.size; at += PIECE) digest.update(source.read(at, Math.min(PIECE, source.size - at)));
  const got = digest.hex();
  if (got === file.etag) return undefined;
  return `"${file.name}": expected ${expected} ${file.etag}, got ${got}: the hub sent something else than it promised.`;
}

/** Which hash an ETag is; undefined for one that is none, of which the length alone can be checked. */
function hashOf({ etag }: HubFile): "sha256" | "sha1" | undefined {
  if (/^[0-9a-f]{64}$/.test(etag)) return "sha256";
  return /^[0-9a-f]{40}$/.test(etag) ? "sha1" : undefined;
}

function tooLong({ file }: FileDownload): CheckpointError {
  return new CheckpointError(
    `"${file.name}": expected ${file.size} bytes, got more: the hub sent something else than it promised. Nothing was kept.`,
  );
}

function tooShort({ file }: FileDownload, size: number): CheckpointError {
  return new CheckpointError(
    `"${file.name}": expected ${file.size} bytes, got ${size} and no more, several times. Nothing was kept. Try again later.`,
  );
}

/** Before anything is fetched. The cache may be on a disk that does not tell. */
function checkSpace({ cache, file, request }: FileDownload, had: number): void {
  const free = freeSpace(joinPath(cache.blob(file.etag), ".."));
  if (free === undefined || free >= file.size - had) return;
  throw new InputError(
    `The disk of the cache has room for ${free} bytes; "${file.name}" of "${request.asked.id}" needs ${file.size - had}. Free some, or set HF_HUB_CACHE to another disk.`,
  );
}

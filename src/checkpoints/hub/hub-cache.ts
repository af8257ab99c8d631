/**
 * The cache of the Python library, its layout to the letter (huggingface_hub, file_download.py), so that both read what
 * the other wrote: `models--org--name/` holds `blobs/<etag>`, `refs/<branch>` with a commit in it,
 * `snapshots/<commit>/<file>` linking to a blob, `.no_exist/<commit>/<file>` for files that are known not to be there.
 */
import { joinPath, linkOrCopy, listFolder, makeFolder, pathKind, readFile, writeTextFile } from "#platform";
import { type HubId, isCommit } from "./hub-id.ts";

/** https://bford.info/cachedir: backups pass such folders over. */
const CACHE_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# A cache of models, made by Cloze.\n";

/** One repository's part of a cache. */
export class HubCache {
  readonly #root: string;
  readonly #id: HubId;
  readonly #folder: string;

  constructor(root: string, id: HubId) {
    this.#root = root;
    this.#id = id;
    this.#folder = joinPath(root, id.folderName);
  }

  /** The commit that a revision meant when it was last asked for; undefined when it never was. */
  commitOf(revision: string): string | undefined {
    if (isCommit(revision)) return revision;
    const file = joinPath(this.#folder, "refs", revision);
    if (pathKind(file) !== "file") return undefined;
    const commit = new TextDecoder().decode(readFile(file)).trim();
    return isCommit(commit) ? commit : undefined;
  }

  snapshot(commit: string): string {
    return joinPath(this.#folder, "snapshots", commit);
  }

  has(commit: string, file: string): boolean {
    return pathKind(joinPath(this.snapshot(commit), file)) === "file";
  }

  /** Whether the repository is known to have no such file. */
  isKnownAbsent(commit: string, file: string): boolean {
    return pathKind(joinPath(this.#folder, ".no_exist", commit, file)) === "file";
  }

  noteAbsent(commit: string, file: string): void {
    if (!this.isKnownAbsent(commit, file)) writeWhole(joinPath(this.#folder, ".no_exist", commit, file), "");
  }

  /** Makes a revision mean a commit. */
  noteCommit(revision: string, commit: string): void {
    if (revision !== commit && this.commitOf(revision) !== commit) {
      writeWhole(joinPath(this.#folder, "refs", revision), commit);
    }
  }

  blob(etag: string): string {
    return joinPath(this.#folder, "blobs", etag);
  }

  /** What processes that ended have left of a blob. */
  incomplete(etag: string): string[] {
    const folder = joinPath(this.#folder, "blobs");
    const names = listFolder(folder).filter((name) => name.startsWith(`${etag}.`) && name.endsWith(".incomplete"));
    return names.map((name) => joinPath(folder, name));
  }

  lock(etag: string): string {
    return joinPath(this.#root, ".locks", this.#id.folderName, `${etag}.lock`);
  }

  /** Puts a blob into a snapshot. */
  place(etag: string, commit: string, file: string): void {
    if (!this.has(commit, file)) linkOrCopy(this.blob(etag), joinPath(this.snapshot(commit), file));
  }

  /** Makes what every cache has. */
  prepare(): void {
    makeFolder(joinPath(this.#folder, "blobs"));
    const tag = joinPath(this.#root, "CACHEDIR.TAG");
    if (pathKind(tag) === "missing") writeWhole(tag, CACHE_TAG);
  }
}

function writeWhole(file: string, text: string): void {
  makeFolder(joinPath(file, ".."));
  writeTextFile(file, text);
}

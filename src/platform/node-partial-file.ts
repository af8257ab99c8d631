import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";

/** A hash that is given its bytes piece by piece. */
export interface Digest {
  update(bytes: Uint8Array): void;
  /** The result in hexadecimal digits; may be asked for once. */
  hex(): string;
}

export function startDigest(algorithm: "sha256" | "sha1"): Digest {
  const hash = createHash(algorithm);
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest("hex") };
}

/** A file that grows at its end until it is whole. */
export interface PartialFile {
  /** Bytes in it. */
  readonly size: number;
  append(bytes: Uint8Array): void;
  /** Begins again with no bytes. */
  restart(): void;
  /** Syncs what was written to disk. */
  sync(): void;
  close(): void;
}

/** Opens a file to append to it, with what it holds already. */
export function openPartial(file: string): PartialFile {
  const descriptor = fs.openSync(file, "a");
  let size = fs.fstatSync(descriptor).size;
  return {
    get size() {
      return size;
    },
    append(bytes) {
      for (let done = 0; done < bytes.length; ) done += fs.writeSync(descriptor, bytes, done);
      size += bytes.length;
    },
    restart() {
      fs.ftruncateSync(descriptor, 0);
      size = 0;
    },
    sync: () => fs.fsyncSync(descriptor),
    close: () => fs.closeSync(descriptor),
  };
}

/** Bytes that may still be written where a folder lies; undefined where the system does not tell. */
export function freeSpace(folder: string): number | undefined {
  try {
    const { bavail, bsize } = fs.statfsSync(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/**
 * Makes `place` stand for `file`: a relative link, so that the folder above both can be moved, or a copy where links
 * cannot be made, as on Windows without the right to. At every moment there is nothing or the whole.
 */
export function linkOrCopy(file: string, place: string): void {
  fs.mkdirSync(path.dirname(place), { recursive: true });
  const beside = `${place}.${process.pid}.partial`;
  fs.rmSync(beside, { force: true });
  try {
    fs.symlinkSync(path.relative(path.dirname(place), file), beside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw error;
    fs.copyFileSync(file, beside);
  }
  fs.renameSync(beside, place);
}

/** The user's own folder. */
export function homeFolder(): string {
  return homedir();
}

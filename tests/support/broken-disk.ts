/** Disks that fill up or fail while a test runs. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { onTestFinished } from "vitest";

/** What the system throws. */
export function failure(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: injected, ${syscall}`), { code, syscall });
}

/** Lets the system's own function fail until it is mended, or for a test; its importers see that, too. */
export function breakFile<Name extends "writeSync" | "symlinkSync" | "openSync" | "fsyncSync" | "mkdirSync">(
  name: Name,
  broken: (whole: (typeof fs)[Name]) => (typeof fs)[Name],
): () => void {
  const whole = fs[name];
  fs[name] = broken(whole);
  syncBuiltinESMExports();
  const mend = () => {
    fs[name] = whole;
    syncBuiltinESMExports();
  };
  onTestFinished(mend);
  return mend;
}

/** A disk with room for so many bytes, none of which its `statfs` tells. */
export function smallDisk(room: number, code = "ENOSPC"): () => void {
  let left = room;
  return breakFile("writeSync", (whole) => {
    const writeSync = (file: number, bytes: Uint8Array, ...where: number[]) => {
      if (left === 0) throw failure(code, "write");
      // As disks do: what still fits is written, and the next write fails.
      const [at = 0, length = bytes.length - at, ...place] = where;
      const fits = Math.min(length, left);
      left -= fits;
      return whole(file, bytes, at, fits, ...place);
    };
    return writeSync as typeof fs.writeSync;
  });
}

/** A folder on a disk that can be read alone. */
export function readOnlyDisk(): void {
  breakFile("openSync", (whole) => {
    const openSync = (file: fs.PathLike, flags: fs.OpenMode, mode?: fs.Mode | null) => {
      if (flags !== "r") throw Object.assign(failure("EROFS", "open"), { path: file });
      return whole(file, flags, mode);
    };
    return openSync;
  });
}

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * A key of all that a file is made from. Contents, not times: a clone, a checkout and an npm install all set times that
 * mean nothing.
 */
export function contentKey(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex");
}

/** Whether `file` was made from what `key` stands for. */
export function isFresh(file: string, key: string): boolean {
  return existsSync(file) && existsSync(`${file}.key`) && readFileSync(`${file}.key`, "utf8") === key;
}

/** Notes that `file` has just been made from what `key` stands for. */
export function markFresh(file: string, key: string): void {
  writeFileSync(`${file}.key`, key);
}

/** Writes a text file unless it already says the same. */
export function writeIfChanged(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

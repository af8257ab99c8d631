import { randomBytes } from "node:crypto";
import * as fs from "node:fs";

/**
 * Removes what a process that is gone has left to keep others out, if it still holds what was found in it. Renamed first:
 * of several that find the same one renames it and the others nothing; a newer file that was renamed by that is put back.
 *
 * @param found what stood in it when it was found stale
 * @returns whether this call removed it
 */
export function removeStale(file: string, found: string): boolean {
  const aside = `${file}.${randomBytes(4).toString("hex")}.stale`;
  try {
    fs.renameSync(file, aside);
    if (fs.readFileSync(aside, "utf8") === found) return true;
    fs.linkSync(aside, file);
    return false;
  } catch {
    return false; // gone, or taken by a third meanwhile
  } finally {
    fs.rmSync(aside, { force: true });
  }
}

/** Whether a process of that number runs on this machine. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // alive, and another user's
  }
}

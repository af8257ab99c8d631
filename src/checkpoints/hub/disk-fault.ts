/** What the system says of the disk that the cache is on. */
import { InputError } from "../../errors.ts";

/** Whether the system failed at a file (full, read-only, not ours, ...); failures of the network have been wrapped. */
export function isDiskFault(error: unknown): boolean {
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  return typeof code === "string" && typeof syscall === "string";
}

/** What failed, where, and what to do. Of the file that was being written nothing was kept. */
export function explainDiskFault(error: unknown, id: string, cacheFolder: string): InputError {
  const { code } = error as { code: string };
  const isFull = FULL.test(code);
  const what = isFull ? "is full" : `cannot be written (${code})`;
  const help = isFull ? "Free some room, or" : "Let this user write there, or";
  return new InputError(
    `The disk of the cache "${cacheFolder}" ${what}: "${id}" was not pulled, whole files of it are kept. ${help} set HF_HUB_CACHE to another folder.`,
    { cause: error },
  );
}

/** No room, or none for this user. */
const FULL = /^(?:ENOSPC|EDQUOT)$/;

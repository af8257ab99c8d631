/** What a run says when the disk of its folder fails. */
import { readdirSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { InputError } from "../../errors.ts";
import { checkpointSteps } from "./run-checkpoints.ts";

/** No room, or none for this user. */
const FULL = /^(?:ENOSPC|EDQUOT)$/;
/** Of a disk that can be read alone, of a folder that is another user's, of a disk that fails. */
const UNWRITABLE = /^(?:EROFS|EACCES|EPERM|EIO)$/;

/**
 * Does the work of a run; what the system says of a full or unwritable disk becomes a sentence with the checkpoint that
 * is whole.
 *
 * @throws InputError for such faults; else what `work` throws.
 */
export async function explainingFaults<R>(folder: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    throw explained(error, folder);
  }
}

function explained(error: unknown, folder: string): unknown {
  const { code = "", syscall, path } = error as { code?: string; syscall?: unknown; path?: unknown };
  // Writes name no file; of other faults those count that are about a file of the run.
  const isOurs = typeof path === "string" ? `${resolve(path)}${sep}`.startsWith(resolve(folder)) : syscall !== "read";
  const isFull = FULL.test(String(code));
  if (typeof syscall !== "string" || !isOurs || !(isFull || UNWRITABLE.test(String(code)))) return error;
  const what = isFull ? "is full" : `cannot be written (${code})`;
  const help = isFull ? "Free some room" : "Let this user write there";
  const last = lastStep(folder);
  const kept =
    last === undefined
      ? `there is no checkpoint yet. ${help}, or pass another output folder.`
      : `the checkpoint of step ${last} is whole. ${help}, and go on with --resume.`;
  return new InputError(`The disk of the run "${folder}" ${what}: ${kept}`, { cause: error });
}

function lastStep(folder: string): number | undefined {
  try {
    return checkpointSteps(readdirSync(join(folder, "checkpoints"))).at(-1);
  } catch {
    return undefined; // nothing was made yet
  }
}

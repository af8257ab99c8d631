import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isProcessAlive, partialName, removeStale } from "#platform";
import { InputError } from "../../errors.ts";

interface LockOwner {
  readonly pid: number;
  /** When that process started, as the system counts it: a number that a later process of the same id does not have. */
  readonly started: string;
}

/**
 * Keeps two runs out of one folder: a file `lock` with the process and its start. The lock of a process that is gone is
 * taken over; the clock plays no part.
 */
export class RunLock {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  /** @throws InputError when a living process holds the folder. */
  static take(folder: string): RunLock {
    const file = join(folder, "lock");
    for (let attempt = 0; attempt < 3; attempt++) {
      if (create(file)) return new RunLock(file);
      const text = readText(file);
      const owner = ownerIn(text);
      if (owner !== undefined && isAlive(owner)) {
        throw new InputError(
          `Process ${owner.pid} is writing to "${folder}". Wait for it, stop it, or pass another output folder.`,
        );
      }
      removeStale(file, text);
    }
    throw new InputError(`"${file}" cannot be taken: others take it at the same time. Try again.`);
  }

  release(): void {
    if (ownerIn(readText(this.#file))?.pid === process.pid) rmSync(this.#file, { force: true });
  }
}

/** Linked into place when it is whole: whoever reads a lock reads all of it. */
function create(file: string): boolean {
  const owner: LockOwner = { pid: process.pid, started: startOf(process.pid) ?? "" };
  const own = partialName(file);
  try {
    writeFileSync(own, JSON.stringify(owner), { flag: "wx" });
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // gone meanwhile
  }
}

function ownerIn(text: string): LockOwner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<LockOwner>;
    return typeof owner.pid === "number" ? { pid: owner.pid, started: String(owner.started) } : undefined;
  } catch {
    return undefined; // gone, or cut by a crash
  }
}

function isAlive({ pid, started }: LockOwner): boolean {
  return isProcessAlive(pid) && (startOf(pid) ?? "") === started;
}

/** Field 22 of /proc/PID/stat: the start in clock ticks since boot. Undefined where there is no /proc. */
function startOf(pid: number): string | undefined {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  // The second field is the program's name in parentheses, which may hold spaces.
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
}

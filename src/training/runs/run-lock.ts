import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { partialName } from "#platform";
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
      const owner = readOwner(file);
      if (owner !== undefined && isAlive(owner)) {
        throw new InputError(
          `Process ${owner.pid} is writing to "${folder}". Wait for it, stop it, or pass another output folder.`,
        );
      }
      removeStale(file, owner);
    }
    throw new InputError(`"${file}" cannot be taken: others take it at the same time. Try again.`);
  }

  release(): void {
    const owner = readOwner(this.#file);
    if (owner?.pid === process.pid) rmSync(this.#file, { force: true });
  }
}

/** Linked into place when it is whole: whoever reads a lock reads all of it. */
function create(file: string): boolean {
  const owner: LockOwner = { pid: process.pid, started: startOf(process.pid) ?? "" };
  const own = partialName(file);
  writeFileSync(own, JSON.stringify(owner), { flag: "wx" });
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * Renamed before it is removed: of two processes that find the same stale lock, one renames it and the other nothing. A
 * lock that was taken meanwhile is put back.
 */
function removeStale(file: string, stale: LockOwner | undefined): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
    const found = readOwner(aside);
    if (found?.pid !== stale?.pid || found?.started !== stale?.started) linkSync(aside, file);
  } catch {
    // Gone, or taken by a third meanwhile.
  } finally {
    rmSync(aside, { force: true });
  }
}

function readOwner(file: string): LockOwner | undefined {
  try {
    const owner = JSON.parse(readFileSync(file, "utf8")) as Partial<LockOwner>;
    return typeof owner.pid === "number" ? { pid: owner.pid, started: String(owner.started) } : undefined;
  } catch {
    return undefined; // gone meanwhile, or cut by a crash
  }
}

function isAlive({ pid, started }: LockOwner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return (startOf(pid) ?? "") === started;
}

/** Field 22 of /proc/PID/stat: the start in clock ticks since boot. Undefined where there is no /proc. */
function startOf(pid: number): string | undefined {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  // The second field is the program's name in parentheses, which may hold spaces.
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
}

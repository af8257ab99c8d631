import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { hostname } from "node:os";
import * as path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { isProcessAlive, removeStale } from "./node-stale-file.ts";

/** Milliseconds between two signs of life, and after how long without one a lock is taken from its owner. */
const BEAT = 2_000;
const STALE_AFTER = 15_000;
/** Milliseconds between two looks at a lock that another holds. */
const LOOK_AGAIN = 100;

/** A lock that this process holds. */
export interface HeldLock {
  /** Eight hexadecimal digits that no other holder has. */
  readonly key: string;
  release(): void;
}

interface Owner {
  readonly key: string;
  readonly pid: number;
  readonly host: string;
}

/**
 * Waits until no other process holds `file` and holds it. The file itself is empty and stays, as the Python library
 * leaves its own; who holds it stands in `file.owner`, which exists only meanwhile. An owner that has died, or gave no
 * sign of life for 15 seconds, loses the lock. So a lock is an economy (nobody fetches what another is fetching) and
 * never what correctness rests on.
 */
export async function holdLock(file: string, signal?: AbortSignal): Promise<HeldLock> {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.closeSync(fs.openSync(file, "a", 0o664));
  const owner: Owner = { key: randomBytes(4).toString("hex"), pid: process.pid, host: hostname() };
  const ownerFile = `${file}.owner`;
  while (!take(ownerFile, owner)) {
    if (!breakStale(ownerFile)) await wait(LOOK_AGAIN, undefined, { signal });
  }
  const beat = setInterval(() => touch(ownerFile), BEAT).unref();
  const release = () => {
    clearInterval(beat);
    if (ownerIn(readText(ownerFile) ?? "")?.key === owner.key) fs.rmSync(ownerFile, { force: true });
  };
  return { key: owner.key, release };
}

function take(ownerFile: string, owner: Owner): boolean {
  let descriptor: number;
  try {
    descriptor = fs.openSync(ownerFile, "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  try {
    fs.writeSync(descriptor, JSON.stringify(owner));
    return true;
  } catch (error) {
    // On a full disk; an owner without a name would be waited for.
    fs.rmSync(ownerFile, { force: true });
    throw error;
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Removes an owner that is gone. */
function breakStale(ownerFile: string): boolean {
  const text = readText(ownerFile);
  return text !== undefined && isStale(ownerFile, ownerIn(text)) && removeStale(ownerFile, text);
}

function isStale(ownerFile: string, owner: Owner | undefined): boolean {
  const beaten = fs.statSync(ownerFile, { throwIfNoEntry: false })?.mtimeMs;
  if (beaten === undefined) return false;
  if (Date.now() - beaten > STALE_AFTER) return true;
  return owner !== undefined && owner.host === hostname() && !isProcessAlive(owner.pid);
}

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined; // gone meanwhile
  }
}

function ownerIn(text: string): Owner | undefined {
  try {
    return JSON.parse(text) as Owner;
  } catch {
    return undefined; // not yet written
  }
}

function touch(file: string): void {
  try {
    fs.utimesSync(file, new Date(), new Date());
  } catch {
    // Taken from us: the next holder takes over what we leave.
  }
}

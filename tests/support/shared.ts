import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, it } from "vitest";

/** The root of this repository, absolute. */
export const repositoryRoot = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/**
 * The folder of goldens, data and tokenizers that lies beside the project: `CLOZE_SHARED`, by default `../shared`
 * seen from the repository root. It need not be there; a clone alone still runs the fixtures under `tests/golden`.
 */
export const sharedRoot = resolve(repositoryRoot, process.env.CLOZE_SHARED ?? "../shared");

/** An absolute path inside the shared folder. `sharedPath("data", "stsb", "test.jsonl.gz")` */
export function sharedPath(...parts: string[]): string {
  return join(sharedRoot, ...parts);
}

/** True when every one of the paths, relative to the shared folder, is there. */
export function hasShared(...paths: string[]): boolean {
  return paths.every((path) => existsSync(sharedPath(path)));
}

/**
 * `describe` for tests that read one folder or file of the shared folder, which `body` gets as an absolute path.
 * Without it a single skipped test stands in, named after what is missing; `body` is not run, so it may read files
 * while it collects.
 */
export function describeShared(name: string, path: string, body: (path: string) => void): void {
  describeIf(name, hasShared(path) ? undefined : `${path} is not in the shared folder (set CLOZE_SHARED)`, () =>
    body(sharedPath(path)),
  );
}

/**
 * `describe` that runs unless there is a reason not to. A reason that starts with "not on this machine:" (an
 * instruction set the processor lacks, a program that is not installed) is the one kind of skip that CI accepts when
 * the shared folder is there.
 */
export function describeIf(name: string, reasonToSkip: string | undefined, body: () => void): void {
  if (reasonToSkip === undefined) describe(name, body);
  else describe(name, () => it.skip(reasonToSkip, () => undefined));
}

/** The rows of a `.jsonl` or `.jsonl.gz` file of the shared folder. */
export function readSharedJsonLines<Row>(path: string): Row[] {
  const bytes = readFileSync(sharedPath(path));
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);
}

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** "linux-x64": the folder of prebuilds/ for this machine. */
export function machineName(): string {
  return `${process.platform}-${process.arch}`;
}

export function environmentVariable(name: string): string | undefined {
  return process.env[name];
}

/**
 * Loads a native addon of this package.
 *
 * @throws Error when there is none at `url`, or the system's loader refuses it.
 */
export function loadAddon(url: URL): unknown {
  const file = fileURLToPath(url);
  if (!existsSync(file)) throw new Error(`there is no ${file}`);
  return createRequire(import.meta.url)(file);
}

/** A file that this package ships, such as a WebAssembly module. */
export function readPackagedFile(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  return readFile(url);
}

import { environmentVariable } from "#platform";
import { BackendError, InputError } from "../errors.ts";
import type { Backend, BackendName, BackendOptions } from "./backend.ts";

/** Fastest first. */
export const BACKEND_NAMES = ["native", "wasm", "reference"] as const satisfies readonly BackendName[];

export interface BackendChoice {
  readonly backend: Backend;
  /** Who asked for it: the caller, the environment, or no one. */
  readonly chosenBy: "caller" | "CLOZE_BACKEND" | "default";
  /** The faster ones, and why they were not taken. */
  readonly passedOver: readonly { readonly name: BackendName; readonly reason: string }[];
}

/**
 * Starts the backend called `name`; without one, what the environment variable `CLOZE_BACKEND` names; else the fastest
 * that starts: native, wasm, reference.
 *
 * @throws InputError for a name that is none.
 * @throws BackendError when the one that was asked for does not start.
 */
export async function createBackend(name?: string, options: BackendOptions = {}): Promise<Backend> {
  return (await chooseBackend(name, options)).backend;
}

/** As `createBackend`, and says why it came to be that one. */
export async function chooseBackend(name?: string, options: BackendOptions = {}): Promise<BackendChoice> {
  const variable = environmentVariable("CLOZE_BACKEND") || undefined;
  const wanted = name ?? variable;
  if (wanted !== undefined) {
    const chosenBy = name === undefined ? "CLOZE_BACKEND" : "caller";
    return { backend: await startBackend(checkName(wanted, chosenBy), options), chosenBy, passedOver: [] };
  }
  const passedOver: { name: BackendName; reason: string }[] = [];
  for (const candidate of BACKEND_NAMES) {
    try {
      return { backend: await startBackend(candidate, options), chosenBy: "default", passedOver };
    } catch (error) {
      passedOver.push({ name: candidate, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  throw new BackendError(`No backend starts: ${passedOver.map((it) => `${it.name}: ${it.reason}`).join("; ")}`);
}

function checkName(name: string, chosenBy: string): BackendName {
  const known = BACKEND_NAMES.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  const where = chosenBy === "caller" ? "" : ` (from ${chosenBy})`;
  throw new InputError(`There is no backend "${name}"${where}; known: ${BACKEND_NAMES.join(", ")}.`);
}

/** Each is loaded when it is wanted: a browser never sees the addon's code. */
async function startBackend(name: BackendName, options: BackendOptions): Promise<Backend> {
  if (name === "native") return new (await import("./native/index.ts")).NativeBackend(options);
  if (name === "wasm") return (await import("./wasm/index.ts")).WasmBackend.create(options);
  return new (await import("./reference/reference.ts")).ReferenceBackend();
}

import { afterAll } from "vitest";
import type { Backend, BackendName } from "../../src/backends/backend.ts";
import { BACKEND_NAMES, createBackend } from "../../src/backends/choose.ts";
import { describeIf } from "./shared.ts";

const opened = new Map<BackendName, Backend | string>();

/**
 * `describe` for every backend, which `body` gets opened with two threads; one that does not start here is skipped with
 * its reason. `names` leaves some out.
 */
export async function describeBackends(
  title: string,
  body: (backend: Backend) => void,
  names: readonly BackendName[] = BACKEND_NAMES,
): Promise<void> {
  for (const name of names) {
    const backend = opened.get(name) ?? (await open(name));
    const reason = typeof backend === "string" ? `not on this machine: ${backend}` : undefined;
    describeIf(`${title} on ${name}`, reason, () => body(backend as Backend));
  }
}

async function open(name: BackendName): Promise<Backend | string> {
  const backend = await createBackend(name, { threads: 2 }).catch((error: Error) => error.message);
  opened.set(name, backend);
  if (typeof backend !== "string") afterAll(() => backend.close());
  return backend;
}

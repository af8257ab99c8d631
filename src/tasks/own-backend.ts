import type { Backend } from "../backends/backend.ts";
import { createBackend } from "../backends/choose.ts";
import { InputError } from "../errors.ts";
import type { LoadOptions } from "./load-options.ts";

/**
 * Opens something on the backend that the options ask for.
 *
 * @returns what `open` returned, the backend, and `close`, which closes the backend unless it was given open.
 * @throws InputError for a dtype or backend that there is not; BackendError when the backend does not start; whatever
 *   `open` throws, the backend closed.
 */
export async function onBackend<T>(options: LoadOptions, open: (backend: Backend) => Promise<T>) {
  const { signal, threads, dtype = "f32" } = options;
  if (dtype !== "f32") throw new InputError(`dtype is "${dtype}"; expected "f32".`);
  signal?.throwIfAborted();
  const [given, name] = typeof options.backend === "object" ? [options.backend] : [undefined, options.backend];
  const backend = given ?? (await createBackend(name, { threads }));
  const close = async () => {
    if (given === undefined) await backend.close();
  };
  try {
    return { opened: await open(backend), backend, close };
  } catch (error) {
    await close();
    throw error;
  }
}

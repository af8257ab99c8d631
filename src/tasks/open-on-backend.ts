import type { Backend, BackendInfo } from "../backends/backend.ts";
import { DTYPES } from "../backends/backend.ts";
import { createBackend } from "../backends/choose.ts";
import { ProfiledBackend } from "../backends/profile/profiled-backend.ts";
import { InputError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import type { LoadOptions } from "./load-options.ts";

/** What was opened, and its end. */
export type OnBackend<T> = T & {
  readonly backend: BackendInfo;
  /** Gives the memory back: of the model, and of the backend unless it was given open. */
  close(): Promise<void>;
};

/**
 * Opens a model on the backend that the options ask for.
 *
 * @throws InputError for a dtype or backend that there is not; BackendError when the backend does not start; whatever
 *   `open` throws, the backend closed.
 */
export async function openOnBackend<T extends { readonly model: Model }>(
  options: LoadOptions,
  open: (backend: Backend) => Promise<T>,
): Promise<OnBackend<T>> {
  const { signal, threads, dtype = "f32" } = options;
  if (!DTYPES.includes(dtype)) {
    throw new InputError(`dtype is "${dtype}"; expected ${DTYPES.map((known) => `"${known}"`).join(", ")}.`);
  }
  signal?.throwIfAborted();
  const [given, name] = typeof options.backend === "object" ? [options.backend] : [undefined, options.backend];
  const backend = given ?? (await createBackend(name, { threads }));
  const closeBackend = async () => {
    if (given === undefined) await backend.close();
  };
  try {
    const { profile } = options;
    const opened = await open(profile === undefined ? backend : new ProfiledBackend(backend, profile));
    const close = async () => {
      opened.model.close();
      await closeBackend();
    };
    return { ...opened, backend: backend.info, close };
  } catch (error) {
    await closeBackend();
    throw error;
  }
}

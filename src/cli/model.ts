import { Embedder } from "../tasks/embedder.ts";
import type { LoadOptions } from "../tasks/load-options.ts";
import type { Call } from "./command-definition.ts";
import type { CommonFlags, ModelFlags } from "./flags.ts";

/** A task's class. */
export interface TaskClass<T> {
  load(where?: string, options?: LoadOptions): Promise<T>;
}

/** Opens the model that the flags name for a task, works with it, and gives its memory back whatever happens. */
export async function withModel<T extends { dispose(): Promise<void> }, R>(
  task: TaskClass<T>,
  { flags, terminal, reporter }: Call<CommonFlags & ModelFlags>,
  options: { readonly maxLength?: number | undefined },
  work: (model: T) => Promise<R>,
): Promise<R> {
  const model = await task.load(flags.model, {
    backend: flags.backend,
    threads: flags.threads,
    dtype: flags.dtype,
    maxLength: options.maxLength,
    signal: terminal.signal,
    onProgress: reporter.progress,
  });
  try {
    return await work(model);
  } finally {
    await model.dispose();
  }
}

/** As `withModel`, for an embedder. */
export function withEmbedder<R>(
  call: Call<CommonFlags & ModelFlags>,
  options: { readonly maxLength?: number | undefined },
  work: (embedder: Embedder) => Promise<R>,
): Promise<R> {
  return withModel(Embedder, call, options, work);
}

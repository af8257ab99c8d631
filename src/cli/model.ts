import { Embedder } from "../tasks/embedder.ts";
import type { Call } from "./command-definition.ts";
import type { CommonFlags, ModelFlags } from "./flags.ts";

/** Opens the model that the flags name, works with it, and gives its memory back whatever happens. */
export async function withEmbedder<R>(
  { flags, terminal, reporter }: Call<CommonFlags & ModelFlags>,
  options: { readonly maxLength?: number | undefined },
  work: (embedder: Embedder) => Promise<R>,
): Promise<R> {
  const embedder = await Embedder.load(flags.model, {
    backend: flags.backend,
    threads: flags.threads,
    maxLength: options.maxLength,
    signal: terminal.signal,
    onProgress: reporter.progress,
  });
  try {
    return await work(embedder);
  } finally {
    await embedder.dispose();
  }
}

import { resolveWhere } from "../../checkpoints/default-model.ts";
import { Checkpoint } from "../../checkpoints/repository.ts";
import { configure, statedHeadOf } from "../../models/load-model.ts";
import type { LoadOptions } from "../../tasks/load-options.ts";

/** Whether a model reads the two texts of a pair together. */
export async function isCrossEncoder(where: string, { signal, onProgress }: LoadOptions): Promise<boolean> {
  const { layout, folder } = await resolveWhere(where, { signal, onProgress });
  if (layout !== undefined) return layout.kind === "cross-encoder";
  return statedHeadOf(configure(Checkpoint.open(folder))) === "sequence";
}

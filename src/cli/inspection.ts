import { type ModelLocation, resolveWhere } from "../checkpoints/default-model.ts";
import type { PullOptions } from "../checkpoints/hub/pull-model.ts";
import { Checkpoint } from "../checkpoints/repository.ts";
import { ClozeError } from "../errors.ts";
import {
  type CheckpointDescription,
  describeCheckpoint,
  findNonFinite,
  type MemoryPlan,
  type NonFiniteTensor,
  planMemory,
} from "../models/describe-checkpoint.ts";
import { Tokenizer } from "../tokenizers/tokenizer.ts";

/** Everything about a model folder that can be told without running it. */
export interface Inspection {
  readonly location: ModelLocation;
  readonly checkpoint: Checkpoint;
  readonly description: CheckpointDescription;
  /** What the tokenizer is, or why it cannot be used. */
  readonly tokenizer: { readonly size: number; readonly maxLength: number | undefined } | { readonly problem: string };
  readonly memory: readonly MemoryPlan[] | undefined;
  readonly nonFinite: readonly NonFiniteTensor[] | undefined;
}

export interface InspectionOptions extends Pick<PullOptions, "signal" | "onProgress"> {
  /** Plan the memory of runs. Default: false. */
  readonly memory?: boolean | undefined;
  /** Read all weights and look for NaN and infinities. Default: false. */
  readonly finite?: boolean | undefined;
}

/**
 * Inspects a model's folder.
 *
 * @param where default: the default model
 * @throws InputError when it is not there; ConfigError or CheckpointError when its files cannot be opened at all.
 */
export async function inspectFolder(where: string | undefined, options: InspectionOptions): Promise<Inspection> {
  const { signal, onProgress } = options;
  const location = await resolveWhere(where, { signal, onProgress });
  const folder = location.layout?.encoderFolder ?? location.folder;
  const checkpoint = Checkpoint.open(folder);
  const description = describeCheckpoint(checkpoint);
  const { architecture, head } = description;
  const plans = options.memory === true && architecture !== undefined && head !== undefined;
  return {
    location,
    checkpoint,
    description,
    tokenizer: await describeTokenizer(folder),
    memory: plans ? planMemory(architecture, head, batchesFor(architecture.maxLength)) : undefined,
    nonFinite: options.finite === true ? findNonFinite(checkpoint) : undefined,
  };
}

/** One short text, the longest one, and a full batch of each. */
function batchesFor(maxLength: number): { texts: number; length: number }[] {
  const short = Math.min(128, maxLength);
  const lengths = [...new Set([short, Math.min(512, maxLength)])];
  return lengths.flatMap((length) => [1, Math.max(1, Math.floor(4096 / length))].map((texts) => ({ texts, length })));
}

async function describeTokenizer(folder: string): Promise<Inspection["tokenizer"]> {
  try {
    const { size, maxLength } = await Tokenizer.load(folder);
    return { size, maxLength };
  } catch (error) {
    if (!(error instanceof ClozeError)) throw error;
    return { problem: error.message };
  }
}

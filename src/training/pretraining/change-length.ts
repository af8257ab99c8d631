import type { JsonObject } from "../../checkpoints/json-files.ts";
import type { Checkpoint } from "../../checkpoints/repository.ts";
import { ConfigError } from "../../errors.ts";
import type { ConfiguredArchitecture } from "../../models/architecture.ts";
import { configuredAs, type ResizedParameter, rebuildRows, resizeCheckpoint } from "./resized-checkpoint.ts";

/** Keys that say how many positions there are, first the one that stands above the others. */
const LENGTH_KEYS = ["max_trained_positions", "max_position_embeddings", "max_length"];
/** Learned tables, one row a position. */
const LEARNED = /(?:^|\.)position_embeddings\.weight$/;
/** Tables that hold sines of the position. */
const COMPUTED = /(?:^|\.)embed_positions\.weight$/;

/**
 * A checkpoint that reads texts of up to `length` tokens. Learned positions are repeated from the first one on, so that
 * near neighbours keep their difference; rotary and linear biases need the config's number alone; relative distances
 * beyond the known ones stay the farthest.
 *
 * Source: Beltagy et al., "Longformer", arXiv 2004.05150, section 5.
 *
 * @param positionsAfter of the checkpoint's tables, when its config has another padding id by now.
 * @throws ConfigError when the architecture's length cannot be changed.
 */
export function changeLength(
  checkpoint: Checkpoint,
  length: number,
  { positionsAfter, seed }: { readonly positionsAfter: number | undefined; readonly seed: number },
): Checkpoint {
  const before = configuredAs(checkpoint, checkpoint.config);
  const keys = { ...lengthKey(checkpoint, before, length), ...knownDistance(before) };
  const offsets = { from: offsetOf(positionsAfter), to: offsetOf(before.positionsAfter) };
  return resizeCheckpoint(checkpoint, keys, {
    seed,
    rebuild: (parameter) => {
      const { name, from, to } = parameter;
      if (LEARNED.test(name)) return repeated(parameter, offsets);
      if (COMPUTED.test(name)) return continued(parameter);
      if (from.join() === to.join()) return undefined;
      throw new ConfigError(
        `${before.name}: "${name}" would become [${to}] instead of [${from}], which training cannot go on from. Pass a length of at most ${before.maxLength}.`,
      );
    },
  });
}

/** Where the first token's row is. RoBERTa's positions count from the number after the padding id. */
function offsetOf(positionsAfter: number | undefined): number {
  return positionsAfter === undefined ? 0 : positionsAfter + 1;
}

function lengthKey(checkpoint: Checkpoint, before: ConfiguredArchitecture, length: number): JsonObject {
  const stated = LENGTH_KEYS.filter((key) => checkpoint.config[key] !== undefined);
  const { maxPositions } = before.config;
  const unread = typeof maxPositions === "number" ? maxPositions - before.maxLength : 0;
  for (const key of [...stated, "max_position_embeddings"]) {
    const { maxLength } = configuredAs(checkpoint, { ...checkpoint.config, [key]: length + unread });
    if (maxLength === length) return { [key]: length + unread };
  }
  throw new ConfigError(
    `${before.name} reads at most ${before.maxLength} tokens, which no key of its config.json changes. Pass a length of at most that.`,
  );
}

/** DeBERTa without a limit of distances takes that of positions: it stays as it was. */
function knownDistance({ config }: ConfiguredArchitecture): JsonObject {
  const { maxDistance, maxPositions } = config;
  if (typeof maxDistance !== "number" || typeof maxPositions !== "number" || maxDistance >= 1) return {};
  return { max_relative_positions: maxPositions };
}

/** Rows that are known stay; those after them are computed as in a model from scratch. */
function continued(parameter: ResizedParameter): Float32Array {
  const [known, rows] = [parameter.from[0]!, parameter.to[0]!];
  return rebuildRows(
    parameter,
    0,
    Array.from({ length: rows }, (_, row) => (row < known ? [row] : [])),
  );
}

function repeated(parameter: ResizedParameter, offsets: { readonly from: number; readonly to: number }): Float32Array {
  const learned = parameter.from[0]! - offsets.from;
  const sources = Array.from({ length: parameter.to[0]! }, (_, row) => {
    const position = row - offsets.to;
    // Rows before the first are those of padding, which nothing reads.
    if (position < 0) return row < offsets.from ? [row] : [];
    return [offsets.from + (position % learned)];
  });
  return rebuildRows(parameter, 0, sources);
}

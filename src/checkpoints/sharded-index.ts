/**
 * `model.safetensors.index.json`: which tensor lies in which of several weight files. The index is not trusted: every
 * shard must be a file inside the folder, and hold exactly the tensors that the index gives it.
 */
import { joinPath } from "#platform";
import { CheckpointError } from "../errors.ts";
import { containedFile } from "./contained-path.ts";
import { isJsonObject, readJsonObject } from "./json-files.ts";
import type { ListedTensor } from "./safetensors.ts";

/** More than any encoder has; an index of 10^6 files would only keep the disk busy. */
const MOST_SHARDS = 10_000;

/** One weight file of an index: its name and path, and the tensors it must hold. */
export interface Shard {
  readonly name: string;
  readonly file: string;
  readonly tensors: ReadonlySet<string>;
}

/**
 * Reads an index.
 *
 * @throws ConfigError when it is no JSON object; CheckpointError when it names files that are missing or elsewhere.
 */
export function readShardedIndex(folder: string, indexName: string): Shard[] {
  const { weight_map: map } = readJsonObject(joinPath(folder, indexName));
  if (!isJsonObject(map)) throw new CheckpointError(`${indexName}: weight_map is missing; expected tensor -> file.`);
  const byName = new Map<string, Set<string>>();
  for (const [tensor, shard] of Object.entries(map)) {
    if (typeof shard !== "string") throw new CheckpointError(`${indexName}: "${tensor}" has no file name.`);
    byName.set(shard, (byName.get(shard) ?? new Set()).add(tensor));
    if (byName.size > MOST_SHARDS) throw new CheckpointError(`${indexName} names over ${MOST_SHARDS} files.`);
  }
  if (byName.size === 0) throw new CheckpointError(`${indexName}: weight_map is empty.`);
  return [...byName].map(([name, tensors]) => ({ name, file: containedFile(folder, name, indexName), tensors }));
}

/** Refuses a shard that holds other tensors than the index says: it belongs to another checkpoint. */
export function checkShard({ name, tensors }: Shard, listed: readonly ListedTensor[], indexName: string): void {
  const held = new Set(listed.map((tensor) => tensor.name));
  const lost = [...tensors].find((tensor) => !held.has(tensor));
  if (lost !== undefined)
    throw new CheckpointError(`${indexName} says that "${lost}" is in "${name}", which does not hold it.`);
  const extra = [...held].find((tensor) => !tensors.has(tensor));
  if (extra !== undefined)
    throw new CheckpointError(`"${name}" holds "${extra}", which ${indexName} does not give it.`);
}

/** The text of an index, as the reference writes it. */
export function shardedIndexText(
  shards: readonly { name: string; tensors: readonly string[] }[],
  totalBytes: number,
): string {
  const pairs = shards.flatMap(({ name, tensors }) => tensors.map((tensor) => [tensor, name] as const));
  const weightMap = Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ metadata: { total_size: totalBytes }, weight_map: weightMap }, null, 2)}\n`;
}

/** A model of the hub in the cache, whoever put it there. */
import { joinPath, listFolder, pathKind } from "#platform";
import { isJsonObject, readJsonObject } from "../json-files.ts";
import { readModuleEntries } from "../sentence-modules.ts";
import { chooseWeights, ROOT_FILES, VOCABULARIES } from "./choose-files.ts";
import { HubCache } from "./hub-cache.ts";
import type { HubId } from "./hub-id.ts";

/** What the cache has of a model. */
export interface Cached {
  readonly folder: string;
  /** A file that the model needs and the snapshot lacks; undefined when it can be opened. */
  readonly lacks: string | undefined;
  /**
   * Whether nothing more could be fetched: of every file that is looked for it is known that it is there or that the
   * repository has none. Python programs fetch what they need by themselves, which may be less than Cloze reads.
   */
  readonly isWhole: boolean;
}

/**
 * Looks a model up; undefined when the cache has nothing of this revision.
 *
 * @param weights whether its weights are needed, and not only its tokenizer. Default: true
 */
export function findCached(cacheFolder: string, id: HubId, { weights = true } = {}): Cached | undefined {
  const cache = new HubCache(cacheFolder, id);
  const commit = cache.commitOf(id.revision);
  if (commit === undefined || pathKind(cache.snapshot(commit)) !== "folder") return undefined;
  const folder = cache.snapshot(commit);
  const lacks = weights ? findMissing(folder) : findMissingTokenizer(folder);
  const isKnown = (name: string) => cache.has(commit, name) || cache.isKnownAbsent(commit, name);
  return { folder, lacks, isWhole: lacks === undefined && ROOT_FILES.every(isKnown) };
}

function findMissing(folder: string): string | undefined {
  const folders = ["", ...moduleFolders(folder)];
  const absent = folders.slice(1).find((name) => pathKind(joinPath(folder, name)) !== "folder");
  if (absent !== undefined) return `${absent}/config.json`;
  const chosen = folders.map((name) => ({ name, ...chooseWeights(filesIn(folder, name), name) }));
  for (const { name, index } of chosen) {
    const shard = index === undefined ? undefined : missingShard(joinPath(folder, name), joinPath(folder, index));
    if (shard !== undefined) return joinPath(name, shard);
  }
  const encoders = chosen.filter(({ name }) => pathKind(joinPath(folder, name, "config.json")) === "file");
  if (encoders.length === 0) return "config.json";
  return encoders.some(({ files, index }) => files.length > 0 || index !== undefined) ? undefined : "model.safetensors";
}

function findMissingTokenizer(folder: string): string | undefined {
  const encoders = ["", ...moduleFolders(folder)].filter((name) => pathKind(joinPath(folder, name)) === "folder");
  const names = encoders.flatMap((name) => listFolder(joinPath(folder, name)));
  return names.some((name) => name === "tokenizer.json" || VOCABULARIES.includes(name)) ? undefined : "tokenizer.json";
}

/** Folders of modules that hold files; Normalize and Dropout have none. */
function moduleFolders(folder: string): string[] {
  const file = joinPath(folder, "modules.json");
  if (pathKind(file) !== "file") return [];
  const withFiles = readModuleEntries(file).filter(({ type }) => type !== "Normalize" && type !== "Dropout");
  return withFiles.flatMap(({ path }) => (path === "" ? [] : path.replace(/\/$/, "")));
}

/** Links to blobs that are not there do not count. */
function filesIn(folder: string, name: string): string[] {
  const inside = listFolder(joinPath(folder, name));
  const names = inside.map((file) => (name === "" ? file : `${name}/${file}`));
  return names.filter((file) => pathKind(joinPath(folder, file)) === "file");
}

function missingShard(folder: string, index: string): string | undefined {
  const { weight_map: map } = readJsonObject(index);
  const shards = new Set(isJsonObject(map) ? Object.values(map).map(String) : []);
  return [...shards].find((shard) => pathKind(joinPath(folder, shard)) !== "file");
}

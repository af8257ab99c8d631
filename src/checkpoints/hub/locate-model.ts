/** A model named by its id on the hub: from the cache when all of it is there, else from the hub. */
import { CheckpointError, ClozeError, InputError, OverloadError } from "../../errors.ts";
import { type Cached, findCached } from "./find-cached.ts";
import { type HubId, parseHubId } from "./hub-id.ts";
import { readHubSettings } from "./hub-settings.ts";
import { type PullOptions, pullModel } from "./pull-model.ts";

/**
 * The folder of a model of the hub. What the cache has whole is taken as it is, without asking the hub for a newer one:
 * `pullModel` does that. What it has in part is completed, or taken as it is when the hub cannot be asked.
 *
 * @param where "organization/name", with "@revision" behind it or not
 * @throws the errors of `pullModel`, their messages telling all that was tried.
 */
export async function locateModel(where: string, options: PullOptions = {}): Promise<{ folder: string; name: string }> {
  const id = parseHubId(where, options.revision);
  const settings = readHubSettings(options);
  const cached = findCached(settings.cacheFolder, id, { weights: options.weights ?? true });
  if (cached?.isWhole === true) return { folder: cached.folder, name: id.id };
  const isUsable = cached !== undefined && cached.lacks === undefined;
  if (settings.offline) {
    if (isUsable) return { folder: cached.folder, name: id.id };
    throw new InputError(
      `${tried(where, id, cached, settings.cacheFolder)}, and HF_HUB_OFFLINE forbids asking the hub. Run "cloze pull ${where}" with a network, or pass a model's folder.`,
    );
  }
  try {
    return { folder: (await pullModel(where, options)).folder, name: id.id };
  } catch (error) {
    if (isUsable && error instanceof ClozeError && !(error instanceof CheckpointError)) {
      return { folder: cached.folder, name: id.id };
    }
    throw addTried(error, tried(where, id, cached, settings.cacheFolder));
  }
}

function tried(where: string, { id, revision }: HubId, cached: Cached | undefined, cacheFolder: string): string {
  const lacks =
    cached === undefined
      ? `"${id}" at "${revision}" is not in the cache ${cacheFolder}`
      : `the cache ${cacheFolder} lacks "${cached.lacks}" of "${id}"`;
  return `There is no folder "${where}" here, ${lacks}`;
}

function addTried(error: unknown, sentence: string): unknown {
  if (error instanceof InputError)
    return new InputError(`${sentence}, and the hub was asked: ${error.message}`, { cause: error });
  if (error instanceof OverloadError) {
    return new OverloadError(`${sentence}, and the hub was asked: ${error.message}`, { cause: error });
  }
  return error;
}

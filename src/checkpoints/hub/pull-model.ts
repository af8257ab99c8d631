/** A model of the hub into the cache. */
import { joinPath } from "#platform";
import { ConfigError, InputError } from "../../errors.ts";
import { isJsonObject, readJsonObject } from "../json-files.ts";
import { readModuleEntries } from "../sentence-modules.ts";
import { chooseSmallFiles, chooseWeights, noWeights, ROOT_FILES } from "./choose-files.ts";
import { explainDiskFault, isDiskFault } from "./disk-fault.ts";
import { downloadFile, type HubFile } from "./download-file.ts";
import { HubCache } from "./hub-cache.ts";
import type { Asked } from "./hub-errors.ts";
import { checkCommit, checkEtag, checkListing, type HubId, isPlainPath, parseHubId } from "./hub-id.ts";
import { askHub, askText, type HubRequest } from "./hub-request.ts";
import { type HubOptions, type HubSettings, readHubSettings } from "./hub-settings.ts";

/** How far a pull has come. */
export interface PullProgress {
  readonly phase: "pull";
  /** Bytes that are here, those of earlier pulls included. */
  readonly done: number;
  /** Bytes of the files that are known to be needed; more become known as indexes are read. */
  readonly total: number;
  readonly unit: "bytes";
  readonly perSecond: number;
}

/** Which hub and cache, and who is told how far it is. */
export interface PullOptions extends HubOptions {
  /** A branch, a tag or a commit. Default: the one behind "@", else "main". */
  readonly revision?: string | undefined;
  /** Whether weights are wanted, and not only configuration and tokenizer. Default: true. */
  readonly weights?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: PullProgress) => void) | undefined;
}

/** Where a repository's files lie now. */
export interface Pulled {
  readonly id: string;
  readonly revision: string;
  readonly commit: string;
  /** The snapshot in the cache, a model's folder. */
  readonly folder: string;
  /** Names of the files that the model needs, all of them there now. */
  readonly files: readonly string[];
  /** Bytes of the files that were not there before. */
  readonly fetched: number;
}

/**
 * Fetches what a model needs and the cache lacks: configuration, tokenizer, modules, and weights as safetensors or else
 * `pytorch_model.bin`. The cache is the Python library's. Several processes may pull the same at once; one that is
 * interrupted is taken up where it stopped, and the revision means the new commit only when all is there.
 *
 * @param id "organization/name", with "@revision" behind it or not
 * @throws InputError when the id is none, the hub does not have it or does not give it, cannot be reached, or the disk is
 *   full; CheckpointError when it sends something else than it promised; OverloadError when it is silent or out of order.
 */
export async function pullModel(id: string, options: PullOptions = {}): Promise<Pulled> {
  const hubId = parseHubId(id, options.revision);
  const settings = readHubSettings(options);
  if (settings.offline) {
    throw new InputError(
      `"${id}" is not pulled: HF_HUB_OFFLINE forbids asking the hub. Unset it, or load what the cache has.`,
    );
  }
  const pull = new Pull(hubId, settings, options);
  try {
    return await pull.run();
  } catch (error) {
    throw isDiskFault(error) ? explainDiskFault(error, id, settings.cacheFolder) : error;
  }
}

class Pull {
  readonly #id: HubId;
  readonly #settings: HubSettings;
  readonly #options: PullOptions;
  readonly #cache: HubCache;
  readonly #began = performance.now();
  /** Bytes of every file so far, and how many of them are here. */
  readonly #sizes = new Map<string, number>();
  readonly #here = new Map<string, number>();
  #commit = "";
  #fetched = 0;

  constructor(id: HubId, settings: HubSettings, options: PullOptions) {
    this.#id = id;
    this.#settings = settings;
    this.#options = options;
    this.#cache = new HubCache(settings.cacheFolder, id);
  }

  async run(): Promise<Pulled> {
    const { id, revision } = this.#id;
    const names = await this.#list();
    this.#cache.prepare();
    const root = chooseSmallFiles(names, "");
    await this.#fetch(root);
    const folders = ["", ...this.#moduleFolders(names)];
    const small = folders.slice(1).flatMap((folder) => chooseSmallFiles(names, folder));
    await this.#fetch(small);
    // Last: a snapshot that has its weights has all.
    const isForWeights = this.#options.weights !== false;
    const weights = isForWeights ? await this.#fetchWeights(names, folders) : [];
    for (const name of ROOT_FILES) if (!names.includes(name)) this.#cache.noteAbsent(this.#commit, name);
    // What a revision meant when its weights were fetched must not be lost to a commit of which they are not here.
    if (isForWeights || this.#cache.commitOf(revision) === undefined) this.#cache.noteCommit(revision, this.#commit);
    const files = [...root, ...small, ...weights].sort();
    const folder = this.#cache.snapshot(this.#commit);
    return { id, revision, commit: this.#commit, folder, files, fetched: this.#fetched };
  }

  async #fetchWeights(names: readonly string[], folders: readonly string[]): Promise<string[]> {
    const chosen = folders.map((folder) => chooseWeights(names, folder));
    if (chosen.every(({ files, index }) => files.length === 0 && index === undefined)) {
      throw noWeights(names, this.#id.id);
    }
    const indexes = chosen.flatMap(({ index }) => index ?? []);
    await this.#fetch(indexes);
    const shards = indexes.flatMap((index) => this.#shards(index, names));
    const weights = [...chosen.flatMap(({ files }) => files), ...shards];
    await this.#fetch(weights);
    return [...indexes, ...weights];
  }

  /** Asks what the revision is now, and which files it has. */
  async #list(): Promise<string[]> {
    const { id, revision } = this.#id;
    const path = `api/models/${id}/revision/${encodeURIComponent(revision)}`;
    const text = await askText(this.#request(`${this.#settings.endpoint}/${path}`, "GET"));
    const json = parseListing(text, id, this.#settings.endpoint);
    this.#commit = checkCommit(json.sha, id);
    checkListing(json.names, id);
    return json.names.filter(isPlainPath);
  }

  /** Folders that modules.json names. */
  #moduleFolders(names: readonly string[]): string[] {
    if (!names.includes("modules.json")) return [];
    const paths = readModuleEntries(this.#path("modules.json")).map(({ path }) => path.replace(/\/$/, ""));
    const odd = paths.find((path) => path !== "" && !isPlainPath(path));
    if (odd !== undefined) throw oddName("modules.json", odd, this.#id.id);
    return [...new Set(paths.filter((path) => path !== ""))];
  }

  /** The files that an index of weights names, which lie beside it. */
  #shards(index: string, names: readonly string[]): string[] {
    const { weight_map: map } = readJsonObject(this.#path(index));
    const shards = [...new Set(isJsonObject(map) ? Object.values(map) : [])];
    const folder = index.includes("/") ? index.slice(0, index.lastIndexOf("/") + 1) : "";
    return shards.map((shard) => {
      if (typeof shard !== "string" || !isPlainPath(shard)) throw oddName(index, shard, this.#id.id);
      if (!names.includes(folder + shard)) {
        throw new ConfigError(`"${this.#id.id}": ${index} names "${shard}", which the repository does not have.`);
      }
      return folder + shard;
    });
  }

  /** Brings files into the snapshot; those that are there cost no request, for a commit never changes. */
  async #fetch(names: readonly string[]): Promise<void> {
    const missing = names.filter((name) => !this.#cache.has(this.#commit, name));
    const files: HubFile[] = [];
    for (const name of missing) files.push(await this.#askAbout(name));
    for (const { name, size } of files) this.#sizes.set(name, size);
    for (const file of files) {
      const { cache, request } = { cache: this.#cache, request: this.#request(file.url, "GET", file.name) };
      const onBytes = (bytes: number) => this.#report(file.name, bytes);
      await downloadFile({ cache, file, commit: this.#commit, request, onBytes });
      this.#fetched += file.size;
    }
  }

  async #askAbout(name: string): Promise<HubFile> {
    const { id } = this.#id;
    const path = name.split("/").map(encodeURIComponent).join("/");
    const url = `${this.#settings.endpoint}/${id}/resolve/${this.#commit}/${path}`;
    const answer = await askHub({ ...this.#request(url, "HEAD", name), followAll: false });
    const { headers } = answer.response;
    const etag = checkEtag(headers.get("x-linked-etag") ?? headers.get("etag"), id);
    const size = Number(headers.get("x-linked-size") ?? headers.get("content-length") ?? Number.NaN);
    if (Number.isSafeInteger(size) && size >= 0) return { name, etag, size, url: answer.url };
    throw new ConfigError(`The hub does not say how long "${name}" of "${id}" is. Check that HF_ENDPOINT is a hub.`);
  }

  #request(url: string, method: "GET" | "HEAD", file?: string): HubRequest {
    const { endpoint, token } = this.#settings;
    const asked: Asked = {
      id: this.#id.id,
      revision: this.#id.revision,
      endpoint,
      file,
      hasToken: token !== undefined,
    };
    return { url, method, asked, settings: this.#settings, signal: this.#options.signal };
  }

  #path(name: string): string {
    return joinPath(this.#cache.snapshot(this.#commit), name);
  }

  #report(name: string, bytes: number): void {
    this.#here.set(name, bytes);
    const done = sum(this.#here);
    const seconds = (performance.now() - this.#began) / 1000;
    const perSecond = seconds > 0 ? done / seconds : 0;
    this.#options.onProgress?.({ phase: "pull", done, total: sum(this.#sizes), unit: "bytes", perSecond });
  }
}

function sum(numbers: ReadonlyMap<string, number>): number {
  return [...numbers.values()].reduce((total, number) => total + number, 0);
}

function parseListing(text: string, id: string, endpoint: string): { sha: unknown; names: string[] } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw noListing(id, endpoint);
  }
  const { sha, siblings } = (json ?? {}) as { sha?: unknown; siblings?: unknown };
  if (!Array.isArray(siblings)) throw noListing(id, endpoint);
  const names = siblings.map((entry: unknown) => (entry as { rfilename?: unknown } | null)?.rfilename);
  if (!names.every((name) => typeof name === "string")) throw noListing(id, endpoint);
  return { sha, names };
}

function noListing(id: string, endpoint: string): InputError {
  return new InputError(`${endpoint} does not list the files of "${id}" as a hub does. Check HF_ENDPOINT.`);
}

function oddName(file: string, name: unknown, id: string): ConfigError {
  return new ConfigError(
    `"${id}": ${file} names ${JSON.stringify(name)?.slice(0, 80)}; expected a plain name inside the repository.`,
  );
}

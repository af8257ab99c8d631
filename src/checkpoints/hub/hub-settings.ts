/** Where the hub is and what it may be told: the environment variables of the Python library, by their meaning there. */
import { environmentVariable, homeFolder, joinPath, pathKind, readFile } from "#platform";
import { InputError } from "../../errors.ts";

/** How the hub is asked and where its files are kept. Each overrides an environment variable. */
export interface HubOptions {
  /** Folder of the cache. Default: `HF_HUB_CACHE`, else `hub` in `HF_HOME`, else `~/.cache/huggingface/hub`. */
  readonly cacheFolder?: string | undefined;
  /** Address of the hub. Default: `HF_ENDPOINT`, else the public one. */
  readonly endpoint?: string | undefined;
  /** Sent to the endpoint's own host only. Default: `HF_TOKEN`, else the file `token` in `HF_HOME`, else none. */
  readonly token?: string | undefined;
  /** True: the cache alone is read. Default: `HF_HUB_OFFLINE`. */
  readonly offline?: boolean | undefined;
  /** Milliseconds before the first repetition of a request that failed; each next waits twice as long. Default: 500. */
  readonly retryWait?: number | undefined;
}

export interface HubSettings {
  readonly cacheFolder: string;
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly offline: boolean;
  readonly retryWait: number;
  /** Milliseconds to wait for the answer to a question, `HF_HUB_ETAG_TIMEOUT`. */
  readonly answerTimeout: number;
  /** Milliseconds to wait for the next bytes of a file, `HF_HUB_DOWNLOAD_TIMEOUT`. */
  readonly dataTimeout: number;
}

const PUBLIC_ENDPOINT = "https://huggingface.co";
const DEFAULT_SECONDS = 10;

/** @throws InputError when a variable holds what it cannot mean. */
export function readHubSettings(options: HubOptions = {}): HubSettings {
  const home = homeOfHub();
  return {
    cacheFolder:
      options.cacheFolder ??
      expandHome(variable("HF_HUB_CACHE") ?? variable("HUGGINGFACE_HUB_CACHE") ?? joinPath(home, "hub")),
    endpoint: checkEndpoint(options.endpoint ?? variable("HF_ENDPOINT") ?? PUBLIC_ENDPOINT),
    token: checkToken(options.token ?? readToken(home)),
    offline: options.offline ?? (isTrue("HF_HUB_OFFLINE") || isTrue("TRANSFORMERS_OFFLINE")),
    retryWait: options.retryWait ?? 500,
    answerTimeout: milliseconds("HF_HUB_ETAG_TIMEOUT"),
    dataTimeout: milliseconds("HF_HUB_DOWNLOAD_TIMEOUT"),
  };
}

function homeOfHub(): string {
  const caches = variable("XDG_CACHE_HOME") ?? joinPath(homeFolder(), ".cache");
  return expandHome(variable("HF_HOME") ?? joinPath(caches, "huggingface"));
}

/** Empty variables count as absent. */
function variable(name: string): string | undefined {
  return environmentVariable(name) || undefined;
}

function expandHome(folder: string): string {
  return folder === "~" || folder.startsWith("~/") ? joinPath(homeFolder(), folder.slice(1)) : folder;
}

function isTrue(name: string): boolean {
  return ["1", "ON", "YES", "TRUE"].includes((variable(name) ?? "").toUpperCase());
}

function milliseconds(name: string): number {
  const text = variable(name);
  const seconds = text === undefined ? DEFAULT_SECONDS : Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds * 1000;
  throw new InputError(`${name} is "${text}"; expected a number of seconds above 0.`);
}

function checkEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== "" || url.username !== "") {
    throw new InputError(
      `The hub's address (HF_ENDPOINT) is "${endpoint}"; expected one such as "${PUBLIC_ENDPOINT}".`,
    );
  }
  return url.href.replace(/\/+$/, "");
}

function readToken(home: string): string | undefined {
  if (isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return undefined;
  const given = variable("HF_TOKEN") ?? variable("HUGGING_FACE_HUB_TOKEN");
  if (given !== undefined) return given;
  const file = expandHome(variable("HF_TOKEN_PATH") ?? joinPath(home, "token"));
  return pathKind(file) === "file" ? new TextDecoder().decode(readFile(file)) : undefined;
}

/** A token is one word; what it is never stands in a message. */
function checkToken(token: string | undefined): string | undefined {
  const word = token?.trim();
  if (word === undefined || word === "") return undefined;
  if (/^[\x21-\x7e]+$/.test(word)) return word;
  throw new InputError("The hub's token (HF_TOKEN or the file token in HF_HOME) is not one word of plain characters.");
}

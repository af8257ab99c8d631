/**
 * Requests to the hub: repeated while a failure may pass, bounded in time, with the token for the hub's own host alone.
 * Redirects are followed here, one by one, because what `fetch` follows by itself cannot be held to that.
 */
import { CheckpointError, InputError, OverloadError } from "../../errors.ts";
import { type Asked, PassingFailure, refusal, tooSlow, unreachable } from "./hub-errors.ts";
import type { HubSettings } from "./hub-settings.ts";

/** Requests in all for one answer. */
const MOST_TRIES = 5;
/** Milliseconds: a hub that wants more patience is told as an error instead of waited for. */
const LONGEST_WAIT = 60_000;
const MOST_REDIRECTS = 5;

export interface HubRequest {
  readonly url: string;
  readonly method: "GET" | "HEAD";
  readonly headers?: { readonly [name: string]: string };
  /** False: stop at a redirect that tells what a file is. Default: true. */
  readonly followAll?: boolean;
  readonly asked: Asked;
  readonly settings: HubSettings;
  readonly signal?: AbortSignal | undefined;
}

/** The answer, its body unread, and where it came from in the end. */
export interface HubAnswer {
  readonly response: Response;
  readonly url: string;
}

/** Asks until there is an answer, at most five times. */
export function askHub(request: HubRequest): Promise<HubAnswer> {
  return repeat(() => askOnce(request), request);
}

/** Characters of a text at most: the names of 10^5 files have less. */
const LONGEST_TEXT = 32 << 20;

/** Asks until there is a whole answer, and returns its text. */
export function askText(request: HubRequest): Promise<string> {
  return repeat(async () => {
    const { response } = await askOnce(request);
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of readBody(response, request)) {
      text += decoder.decode(bytes, { stream: true });
      if (text.length > LONGEST_TEXT) throw tooMuch(request.asked);
    }
    return text + decoder.decode();
  }, request);
}

function tooMuch({ endpoint, id }: Asked): InputError {
  return new InputError(`${endpoint} does not stop listing the files of "${id}". Check HF_ENDPOINT.`);
}

/** Repeats what fails in passing. */
async function repeat<T>(work: () => Promise<T>, patience: Patience): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      patience.signal?.throwIfAborted();
      if (!(error instanceof PassingFailure)) throw error;
      await waitToRepeat(tries, error, patience);
    }
  }
}

/** How long and until when failures are waited out. */
export interface Patience {
  readonly settings: HubSettings;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits before a request is repeated: twice as long each time, or as long as the hub says.
 *
 * @throws ClozeError, what the failure means, after the last of five tries.
 */
export async function waitToRepeat(tries: number, failure: PassingFailure, patience: Patience): Promise<void> {
  const wait = failure.wait ?? patience.settings.retryWait * 2 ** (tries - 1);
  if (tries >= MOST_TRIES || wait > LONGEST_WAIT) throw failure.error;
  await pause(wait, patience.signal);
}

/** Asks once. @throws PassingFailure when asking again may help. */
export async function askOnce(request: HubRequest): Promise<HubAnswer> {
  const { settings, asked } = request;
  const home = new URL(settings.endpoint).origin;
  let isHome = true;
  let url = request.url;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    // Once off the hub's host the token is not sent again, even if the way leads back.
    isHome &&= new URL(url).origin === home;
    const token = isHome && settings.token !== undefined ? { authorization: `Bearer ${settings.token}` } : {};
    const response = await send(url, token, request);
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || location === null) {
      if (!response.ok) throw await refused(response, asked);
      return { response, url };
    }
    const next = nextUrl(url, location, asked);
    // The hub answers for a large file with its hash and size, and a redirect to where the bytes are.
    if (request.followAll === false && response.headers.has("x-linked-etag")) return { response, url: next };
    await response.body?.cancel();
    url = next;
  }
  throw new OverloadError(`${asked.endpoint} redirects requests for "${asked.id}" in a circle. Try again later.`);
}

async function refused(response: Response, asked: Asked): Promise<Error> {
  await response.body?.cancel();
  return refusal(response, asked);
}

function nextUrl(url: string, location: string, { endpoint, id }: Asked): string {
  const next = URL.canParse(location, url) ? new URL(location, url) : undefined;
  const isWorse = next?.protocol === "http:" && url.startsWith("https:");
  if (next === undefined || isWorse || !/^https?:$/.test(next.protocol)) {
    throw new CheckpointError(
      `${endpoint} redirects a request for "${id}" to "${location.slice(0, 100)}"; expected an address that is as safe. Check HF_ENDPOINT.`,
    );
  }
  return next.href;
}

async function send(url: string, token: { authorization?: string }, request: HubRequest): Promise<Response> {
  const { settings, asked, signal } = request;
  const slow = AbortSignal.timeout(settings.answerTimeout);
  // Only the wait for an answer is bounded here: a timer that went on would end long downloads.
  const ending = new AbortController();
  const end = () => ending.abort();
  slow.addEventListener("abort", end);
  signal?.addEventListener("abort", end);
  try {
    // "identity": a compressed body has another length than the file.
    const headers = { "accept-encoding": "identity", "user-agent": "cloze", ...request.headers, ...token };
    return await fetch(url, { method: request.method, headers, redirect: "manual", signal: ending.signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (slow.aborted) throw tooSlow(asked, settings.answerTimeout, "HF_HUB_ETAG_TIMEOUT");
    throw unreachable(error, asked);
  } finally {
    slow.removeEventListener("abort", end);
    // The caller's own signal goes on to end the body; `readBody` listens to it there.
    signal?.removeEventListener("abort", end);
  }
}

/** The pieces of a body. @throws PassingFailure when it stops in the middle or stands still. */
export async function* readBody(response: Response, request: HubRequest): AsyncGenerator<Uint8Array> {
  const { settings, asked, signal } = request;
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await readInTime(reader, request);
      if (done) return;
      yield value;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof PassingFailure ? error : unreachable(error, asked);
  } finally {
    // Not awaited: a connection that stands still would not end either.
    reader.cancel().catch(() => undefined);
  }

  async function readInTime(from: ReadableStreamDefaultReader<Uint8Array>, { signal: ended }: HubRequest) {
    let stop: (() => void) | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      const slow = tooSlow(asked, settings.dataTimeout, "HF_HUB_DOWNLOAD_TIMEOUT");
      timer = setTimeout(() => reject(slow), settings.dataTimeout);
      stop = () => reject(ended?.reason);
      if (ended?.aborted === true) stop();
      ended?.addEventListener("abort", stop);
    });
    try {
      return await Promise.race([from.read(), late]);
    } finally {
      clearTimeout(timer);
      if (stop !== undefined) ended?.removeEventListener("abort", stop);
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener("abort", stop);
  });
}

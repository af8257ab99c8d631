/** What answers of the hub mean, and which of them are worth asking again. */
import { type ClozeError, InputError, OverloadError } from "../../errors.ts";

/** A failure that may pass by itself: the request is repeated, and what finally remains is `error`. */
export class PassingFailure extends Error {
  readonly error: ClozeError;
  /** Milliseconds that the hub asks to wait. */
  readonly wait: number | undefined;

  constructor(error: ClozeError, wait?: number) {
    super(error.message, { cause: error });
    this.error = error;
    this.wait = wait;
  }
}

/** What was asked for, for messages. */
export interface Asked {
  readonly id: string;
  readonly revision: string;
  readonly endpoint: string;
  /** A file; undefined for the repository. */
  readonly file?: string | undefined;
  readonly hasToken: boolean;
}

/** An answer with a status that is no success. */
export function refusal(response: Response, asked: Asked): Error {
  const { status, headers } = response;
  const { id, revision, endpoint, file, hasToken } = asked;
  const code = headers.get("x-error-code");
  if (status === 401 || status === 403) return new InputError(lockedSentence(asked, status, code));
  if (status === 404 && code === "RevisionNotFound") {
    return new InputError(
      `"${id}" has no revision "${revision}" on ${endpoint}. Name a branch, a tag or a commit of it.`,
    );
  }
  if (status === 404 && file !== undefined) return new InputError(`"${id}" has no file "${file}" at "${revision}".`);
  if (status === 404) {
    return new InputError(
      `There is no model "${id}" on ${endpoint}. Check its name; when it is private, set HF_TOKEN to a token that may read it.`,
    );
  }
  const what = `${endpoint} answered ${status} to a request for "${id}"`;
  if (status === 429) {
    const wait = retryAfter(headers.get("retry-after"));
    const when = wait === undefined ? "later" : `in ${Math.ceil(wait / 1000)} s`;
    return new PassingFailure(
      new OverloadError(`${what}: too many requests. Try again ${when}${hasToken ? "" : ", or set HF_TOKEN"}.`),
      wait,
    );
  }
  if (status === 408 || status >= 500) {
    const error = new OverloadError(
      `${what}: it is out of order at the moment. Try again later; what was fetched is kept.`,
    );
    return new PassingFailure(error, retryAfter(headers.get("retry-after")));
  }
  return new InputError(
    `${what}; expected the ${file === undefined ? "repository" : `file "${file}"`}. Check HF_ENDPOINT.`,
  );
}

function lockedSentence({ id, endpoint, hasToken }: Asked, status: number, code: string | null): string {
  if (code === "GatedRepo") {
    const what = hasToken ? "the token that was sent has not been let in" : "then set HF_TOKEN to your token";
    return `"${id}" is gated (${status}): accept its terms at ${endpoint}/${id}; ${what}.`;
  }
  const what = hasToken ? "The token that was sent does not open it" : "If it is yours, set HF_TOKEN to your token";
  return `${endpoint} answered ${status} for "${id}": there is no such model, or it is private. ${what}.`;
}

/** Nobody is there: asking again at once would change nothing. */
const NOBODY: readonly unknown[] = ["ECONNREFUSED", "ENOTFOUND"];

/** A request that got no answer at all, or a broken one. */
export function unreachable(cause: unknown, { endpoint, id }: Asked): PassingFailure {
  const reason = (cause as { cause?: { code?: unknown } }).cause?.code ?? (cause as Error).message;
  const error = new InputError(
    `${endpoint} cannot be reached for "${id}" (${String(reason)}). Check the network and HF_ENDPOINT, or pass a model's folder.`,
    { cause },
  );
  return new PassingFailure(error, NOBODY.includes(reason) ? Number.POSITIVE_INFINITY : undefined);
}

/** A hub that is there and says nothing. */
export function tooSlow({ endpoint, id, file }: Asked, milliseconds: number, variable: string): PassingFailure {
  const what = file === undefined ? `"${id}"` : `"${file}" of "${id}"`;
  return new PassingFailure(
    new OverloadError(
      `${endpoint} sent nothing of ${what} for ${milliseconds / 1000} s. Try again later, or set ${variable} to more seconds; what was fetched is kept.`,
    ),
  );
}

/** Milliseconds: seconds, or a date. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

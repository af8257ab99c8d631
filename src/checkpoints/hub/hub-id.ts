/** Names that the hub gives and is given; all of them become paths, so none may lead anywhere else. */
import { CheckpointError, InputError } from "../../errors.ts";

/** A repository at one of its revisions. */
export interface HubId {
  /** "org/name", or "name" alone for the oldest. */
  readonly id: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  /** "models--org--name": the repository's folder in the cache. */
  readonly folderName: string;
}

/** Letters, digits, "_", "-" and ".", neither of the latter two at an end: what the hub allows. */
const NAME = /^[A-Za-z0-9_](?:[\w.-]{0,94}\w)?$/;
const COMMIT = /^[0-9a-f]{40}$/;
/** Device names of Windows, whatever follows a dot, and names that it would shorten. */
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)|[. ]$/i;
const ODD = /[\\:*?"<>|\u0000-\u001f\u007f]/;

/**
 * Reads `[org/]name[@revision]`.
 *
 * @throws InputError when it is none.
 */
export function parseHubId(text: string, revision?: string): HubId {
  const at = text.indexOf("@");
  const id = at < 0 ? text : text.slice(0, at);
  const chosen = revision ?? (at < 0 ? "main" : text.slice(at + 1));
  const names = id.split("/");
  const isId = names.length <= 2 && names.every((name) => NAME.test(name) && !RESERVED.test(name));
  if (!isId || /--|\.\./.test(id) || id.endsWith(".git")) {
    throw new InputError(
      `"${text.slice(0, 200)}" is no model id of the hub; expected organization/name, such as "BAAI/bge-small-en-v1.5", with @revision behind it or not.`,
    );
  }
  if (!isPlainPath(chosen)) {
    throw new InputError(
      `"${chosen.slice(0, 200)}" is no revision; expected a branch, a tag or a commit of ${id}, such as "main".`,
    );
  }
  return { id, revision: chosen, folderName: ["models", ...names].join("--") };
}

/** Whether a revision is a commit, which can never mean anything else later. */
export function isCommit(revision: string): boolean {
  return COMMIT.test(revision);
}

/** Checks what the hub calls a commit. */
export function checkCommit(commit: unknown, id: string): string {
  if (typeof commit === "string" && COMMIT.test(commit)) return commit;
  throw notAHub(
    id,
    `names ${JSON.stringify(commit ?? null).slice(0, 80)} as its commit; expected 40 hexadecimal digits`,
  );
}

/** `W/"x"` and `"x"` are x, which becomes a file's name. */
export function checkEtag(header: string | null, id: string): string {
  const etag = (header ?? "").replace(/^W\//, "").replaceAll('"', "");
  if (/^[\w-][\w.-]{0,127}$/.test(etag)) return etag;
  throw notAHub(id, `sends the ETag ${JSON.stringify(header).slice(0, 80)}; expected a hash`);
}

/**
 * Checks the names of a repository's files. No repository can hold "..", an absolute path or a NUL: who lists them lies.
 *
 * @throws CheckpointError naming the first.
 */
export function checkListing(names: readonly string[], id: string): void {
  const lie = names.find((name) => name.split("/").some((part) => part === ".." || part === "") || name.includes("\0"));
  if (lie !== undefined) throw notAHub(id, `lists the file ${JSON.stringify(lie.slice(0, 80))}, which leads elsewhere`);
}

/** Whether a name can be a path below a folder on every system. */
export function isPlainPath(name: string): boolean {
  if (name.length === 0 || name.length > 255 || ODD.test(name)) return false;
  return name.split("/").every((part) => part !== "" && part !== "." && part !== ".." && !RESERVED.test(part));
}

function notAHub(id: string, what: string): CheckpointError {
  return new CheckpointError(
    `The hub ${what} for "${id}". Nothing was kept. Check that HF_ENDPOINT is the address of a hub.`,
  );
}

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as a mock hub saw it. */
export interface SeenRequest {
  readonly server: "hub" | "store";
  readonly method: string;
  readonly path: string;
  readonly token: string | undefined;
  readonly range: string | undefined;
}

/** Answers a request in another way than a hub should; false leaves it to the hub. */
export type Fault = (request: SeenRequest, response: ServerResponse, content: Buffer | undefined) => boolean;

export type RepositoryFiles = { readonly [name: string]: string | Buffer };

export interface MockHub {
  readonly endpoint: string;
  /** The other host, where large files are. */
  readonly store: string;
  readonly seen: SeenRequest[];
  /** Bytes of files that were sent. */
  sent: number;
  fault: Fault | undefined;
  commit: string;
  /** The id of the repository that holds `files`. */
  repository: string;
  files: RepositoryFiles;
  /** Further repositories, by id. */
  others: { readonly [id: string]: RepositoryFiles };
  /** What the listing holds, where that is not the names of `files`. */
  listing: unknown;
  close(): Promise<void>;
}

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** Files that a hub keeps elsewhere, under their SHA-256. */
const LARGE = /\.(safetensors|bin|onnx|h5)$/;

/** A hub on this machine with a repository, "org/tiny" unless it is renamed, and a second server for large files. */
export async function startMockHub(files: RepositoryFiles): Promise<MockHub> {
  const servers: Server[] = [];
  const hub: MockHub = {
    endpoint: "",
    store: "",
    seen: [],
    sent: 0,
    fault: undefined,
    commit: COMMIT,
    repository: "org/tiny",
    files,
    others: {},
    listing: undefined,
    close: async () => {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
  const listen = async (name: "hub" | "store") => {
    const server = createServer((request, response) => answer(hub, name, request, response));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const [endpoint, store] = [await listen("hub"), await listen("store")];
  return Object.assign(hub, { endpoint, store });
}

export function etagOf(name: string, content: string | Buffer): string {
  const bytes = Buffer.from(content as string);
  if (LARGE.test(name)) return createHash("sha256").update(bytes).digest("hex");
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

function answer(hub: MockHub, server: "hub" | "store", request: IncomingMessage, response: ServerResponse): void {
  const { method = "", url: path = "", headers } = request;
  const seen = { server, method, path, token: headers.authorization, range: headers.range };
  hub.seen.push(seen);
  const content = contentOf(hub, path);
  if (hub.fault?.(seen, response, content?.bytes) === true) return;
  if (server === "store") sendBytes(hub, seen, response, content!.bytes);
  else if (path.startsWith("/api/models/")) sendListing(hub, path, response);
  else sendFile(hub, seen, response, content);
}

interface Content {
  readonly repository: string;
  readonly name: string;
  readonly bytes: Buffer;
}

function contentOf(hub: MockHub, path: string): Content | undefined {
  const match = /^\/store\/(.+?)\/-\/(.+)$/.exec(path) ?? /^\/(.+?)\/resolve\/[^/]+\/(.+)$/.exec(path);
  const [, repository = "", name = ""] = match ?? [];
  const content = filesOf(hub, repository)?.[decodeURIComponent(name)];
  return content === undefined ? undefined : { repository, name, bytes: Buffer.from(content as string) };
}

function filesOf(hub: MockHub, repository: string): RepositoryFiles | undefined {
  return repository === hub.repository ? hub.files : hub.others[repository];
}

function sendListing(hub: MockHub, path: string, response: ServerResponse): void {
  const [, repository = "", revision = ""] = /^\/api\/models\/(.+?)\/revision\/(.+)$/.exec(path) ?? [];
  const files = filesOf(hub, repository);
  const revisions: unknown[] = ["main", "v1", hub.commit];
  if (files === undefined || !revisions.includes(decodeURIComponent(revision))) {
    refuse(response, 404, files === undefined ? "RepoNotFound" : "RevisionNotFound");
    return;
  }
  const names = Object.keys(files).map((rfilename) => ({ rfilename }));
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(hub.listing ?? { id: repository, sha: hub.commit, siblings: names }));
}

function sendFile(hub: MockHub, seen: SeenRequest, response: ServerResponse, content: Content | undefined): void {
  response.setHeader("x-repo-commit", hub.commit);
  if (content === undefined) {
    refuse(response, 404, "EntryNotFound");
    return;
  }
  const { repository, name, bytes } = content;
  const etag = etagOf(name, bytes);
  if (!LARGE.test(name)) {
    response.setHeader("etag", `"${etag}"`);
    sendBytes(hub, seen, response, bytes);
    return;
  }
  response.setHeader("x-linked-etag", `"${etag}"`);
  response.setHeader("x-linked-size", bytes.length);
  response.writeHead(302, { location: `${hub.store}/store/${repository}/-/${name}` }).end();
}

/** The bytes asked for, as a server does that knows ranges. */
export function sendBytes(hub: MockHub, seen: SeenRequest, response: ServerResponse, bytes: Buffer): void {
  const start = Number(/^bytes=(\d+)-$/.exec(seen.range ?? "")?.[1] ?? 0);
  if (start > 0) response.setHeader("content-range", `bytes ${start}-${bytes.length - 1}/${bytes.length}`);
  response.writeHead(start > 0 ? 206 : 200, { "content-length": bytes.length - start });
  const body = seen.method === "HEAD" ? Buffer.alloc(0) : bytes.subarray(start);
  hub.sent += body.length;
  response.end(body);
}

export function refuse(response: ServerResponse, status: number, code?: string): void {
  if (code !== undefined) response.setHeader("x-error-code", code);
  response.writeHead(status).end();
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { pullModel } from "../../src/checkpoints/hub/pull-model.ts";
import { CheckpointError, ConfigError, InputError, OverloadError } from "../../src/errors.ts";
import { COMMIT, etagOf, type Fault, refuse, sendBytes, startMockHub } from "../support/mock-hub.ts";
import { readTree } from "../support/read-tree.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const WEIGHTS = Buffer.alloc(300_000, "weights of a model, ");
const FILES = { "config.json": '{"a":1}', "model.safetensors": WEIGHTS };

async function faultyHub(fault?: Fault, files: { readonly [name: string]: string | Buffer } = FILES) {
  const hub = await startMockHub(files);
  onTestFinished(() => hub.close());
  hub.fault = fault;
  const cacheFolder = temporaryFolder();
  const options = { endpoint: hub.endpoint, cacheFolder, offline: false, retryWait: 1 };
  const pull = (id = "org/tiny", more = {}) => pullModel(id, { ...options, ...more });
  const content = (name: string) => readFileSync(join(cacheFolder, "models--org--tiny/snapshots", COMMIT, name));
  return { hub, cacheFolder, pull, content };
}

/** Files that are not whole, or of which nobody has said that they are: none may be there after a failure. */
function blobs(cacheFolder: string): string[] {
  return Object.keys(readTree(cacheFolder)).filter((path) => path.includes("/blobs/") || path.includes("/refs/"));
}

/** A fault that happens to the first `times` requests for bytes of the weights. */
function onWeights(times: number, fault: Fault): Fault {
  let count = 0;
  return (seen, response, content) => seen.server === "store" && count++ < times && fault(seen, response, content);
}

/** A fault that has answered. */
const done = (_answered: unknown) => true;

const cut: Fault = (_seen, response, content) => {
  response.writeHead(200, { "content-length": content!.length });
  response.write(content!.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 20));
  return true;
};

test("a connection that is cut goes on where it stopped", async () => {
  const { hub, pull, content } = await faultyHub(onWeights(1, cut));
  await pull();
  expect(content("model.safetensors")).toEqual(WEIGHTS);
  const ranges = hub.seen.filter(({ server }) => server === "store").map(({ range }) => range);
  expect(ranges).toEqual([undefined, "bytes=100000-"]);
  expect(hub.sent).toBe(200_000 + FILES["config.json"].length);
});

test("a pull that gave up is taken up by the next", async () => {
  const { hub, pull, content, cacheFolder } = await faultyHub((seen, response, bytes) => {
    if (seen.server !== "store") return false;
    return seen.range === undefined ? cut(seen, response, bytes) : done(response.destroy());
  });
  await expect(pull()).rejects.toThrow(`${hub.endpoint} cannot be reached for "org/tiny"`);
  const etag = etagOf("model.safetensors", WEIGHTS);
  expect(blobs(cacheFolder).filter((path) => path.includes(etag))).toEqual([
    `models--org--tiny/blobs/${etag}.incomplete`,
  ]);
  hub.fault = undefined;
  hub.sent = 0;
  await pull();
  expect([content("model.safetensors").equals(WEIGHTS), hub.sent]).toEqual([true, 200_000]);
  expect(blobs(cacheFolder).some((path) => path.endsWith(".incomplete"))).toBe(false);
});

test("an answer of the whole file to a Range request begins again", async () => {
  const { hub, pull, content } = await faultyHub(
    onWeights(2, (seen, response, bytes) =>
      seen.range === undefined
        ? cut(seen, response, bytes)
        : done(sendBytes(hub, { ...seen, range: undefined }, response, bytes!)),
    ),
  );
  await pull();
  expect(content("model.safetensors")).toEqual(WEIGHTS);
});

test("bytes of another range are not appended", async () => {
  const { pull, content } = await faultyHub(
    onWeights(2, (seen, response, bytes) => {
      if (seen.range === undefined) return cut(seen, response, bytes);
      response
        .writeHead(206, { "content-range": `bytes 5-${bytes!.length - 1}/${bytes!.length}` })
        .end(bytes!.subarray(5));
      return true;
    }),
  );
  await pull();
  expect(content("model.safetensors")).toEqual(WEIGHTS);
});

test("wrong bytes of the right length: refused, and nothing is kept", async () => {
  const { pull, cacheFolder } = await faultyHub((seen, response, bytes) => {
    if (seen.server === "store") response.end(Buffer.alloc(bytes!.length, "x"));
    return seen.server === "store";
  });
  const refused = pull();
  await expect(refused).rejects.toThrow(CheckpointError);
  await expect(refused).rejects.toThrow(
    /^"model.safetensors": expected sha256 [0-9a-f]{64}, got [0-9a-f]{64}: the hub/,
  );
  expect(blobs(cacheFolder)).toHaveLength(1); // config.json
});

test("wrong bytes that were left by an earlier pull are fetched again", async () => {
  const { hub, pull, content } = await faultyHub((seen, response, bytes) => {
    if (seen.server !== "store") return false;
    if (seen.range !== undefined) response.destroy();
    else
      response
        .writeHead(200, { "content-length": bytes!.length })
        .write(Buffer.alloc(1000, "x"), () => setTimeout(() => response.destroy(), 20));
    return true;
  });
  await expect(pull()).rejects.toThrow(InputError);
  hub.fault = undefined;
  await pull();
  expect(content("model.safetensors")).toEqual(WEIGHTS);
});

test("a small file is held to git's hash", async () => {
  const { pull } = await faultyHub((seen, response) => {
    const isConfig = seen.method === "GET" && seen.path.endsWith("config.json");
    if (isConfig) response.end('{"a":2}');
    return isConfig;
  });
  await expect(pull()).rejects.toThrow('"config.json": expected sha1 ');
});

test.each([
  [10, /expected 10 bytes, got more/, CheckpointError],
  [300_001, /expected 300001 bytes, got 300000 and no more, several times/, CheckpointError],
  [
    1e15,
    /The disk of the cache has room for \d+ bytes; "model.safetensors" of "org\/tiny" needs 1000000000000000\./,
    InputError,
  ],
])("a length that is a lie: %d", async (size, message, kind) => {
  const { hub, pull, cacheFolder } = await faultyHub((seen, response) => {
    if (seen.method !== "HEAD" || !seen.path.endsWith("model.safetensors")) return false;
    response.setHeader("x-linked-etag", etagOf("model.safetensors", WEIGHTS));
    response
      .writeHead(302, { "x-linked-size": size, location: `${hub.store}/store/org/tiny/-/model.safetensors` })
      .end();
    return true;
  });
  const refused = pull();
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toThrow(kind);
  expect(blobs(cacheFolder)).toHaveLength(1);
});

test("an answer that says when: 429 and 503 with Retry-After are waited out, too long a wait is an error", async () => {
  let count = 0;
  const { hub, pull } = await faultyHub((seen, response) => {
    if (seen.server === "store" || count++ >= 2) return false;
    response.setHeader("retry-after", count === 1 ? "0" : new Date(Date.now() - 1000).toUTCString());
    refuse(response, count === 1 ? 429 : 503);
    return true;
  });
  await pull();
  expect(count).toBeGreaterThan(2);
  hub.fault = (_seen, response) => {
    response.setHeader("retry-after", "3600");
    refuse(response, 429);
    return true;
  };
  hub.seen.length = 0;
  const refused = pull();
  await expect(refused).rejects.toThrow(
    new OverloadError(
      `${hub.endpoint} answered 429 to a request for "org/tiny": too many requests. Try again in 3600 s, or set HF_TOKEN.`,
    ),
  );
  expect(hub.seen).toHaveLength(1);
});

test("a hub that is out of order is asked five times", async () => {
  const { hub, pull } = await faultyHub((_seen, response) => done(refuse(response, 500)));
  await expect(pull()).rejects.toThrow(OverloadError);
  expect(hub.seen).toHaveLength(5);
});

test("a silent hub: no answer, and an answer that stands still", async () => {
  vi.stubEnv("HF_HUB_ETAG_TIMEOUT", "0.05");
  vi.stubEnv("HF_HUB_DOWNLOAD_TIMEOUT", "0.05");
  onTestFinished(() => void vi.unstubAllEnvs());
  const { hub, pull } = await faultyHub(() => true);
  await expect(pull()).rejects.toThrow(
    `${hub.endpoint} sent nothing of "org/tiny" for 0.05 s. Try again later, or set HF_HUB_ETAG_TIMEOUT to more seconds`,
  );
  hub.fault = (seen, response, bytes) => {
    if (seen.server !== "store") return false;
    response.writeHead(200, { "content-length": bytes!.length });
    response.write("x");
    return true;
  };
  await expect(pull()).rejects.toThrow(/sent nothing of "model.safetensors" of "org\/tiny" for 0.05 s/);
});

test.each([
  ["org/other", {}, InputError, 'There is no model "org/other" on '],
  ["org/tiny@v9", {}, InputError, '"org/tiny" has no revision "v9" on '],
  [
    "org/tiny",
    { status: 401, code: "GatedRepo" },
    InputError,
    /"org\/tiny" is gated \(401\): accept its terms at .*\/org\/tiny; then set HF_TOKEN to your token\./,
  ],
  [
    "org/tiny",
    { status: 403, code: "GatedRepo", token: "t" },
    InputError,
    "the token that was sent has not been let in.",
  ],
  [
    "org/tiny",
    { status: 401 },
    InputError,
    "there is no such model, or it is private. If it is yours, set HF_TOKEN to your token.",
  ],
  ["org/tiny", { status: 403, token: "t" }, InputError, "The token that was sent does not open it."],
  ["org/tiny", { status: 418 }, InputError, 'answered 418 to a request for "org/tiny"; expected the repository.'],
])(
  "refused: %s %o",
  async (id, { status, code, token }: { status?: number; code?: string; token?: string }, kind, message) => {
    const { hub, pull, cacheFolder } = await faultyHub((_seen, response) => {
      if (status !== undefined) refuse(response, status, code);
      return status !== undefined;
    });
    const refused = pull(id, { token });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(kind);
    expect([hub.seen.length, readTree(cacheFolder)]).toEqual([1, {}]);
  },
);

test("a file that is listed and is not there", async () => {
  const { hub, pull } = await faultyHub();
  hub.listing = { sha: COMMIT, siblings: [{ rfilename: "config.json" }, { rfilename: "vocab.txt" }] };
  await expect(pull()).rejects.toThrow('"org/tiny" has no file "vocab.txt" at "main".');
});

test("the token goes to the hub's own host alone", async () => {
  const { hub, pull } = await faultyHub();
  await pull("org/tiny", { token: "secret" });
  const tokens = (server: string) =>
    new Set(hub.seen.filter((seen) => seen.server === server).map(({ token }) => token));
  expect([tokens("hub"), tokens("store")]).toEqual([new Set(["Bearer secret"]), new Set([undefined])]);
  // To another host and back: what the other host says must not make the token go anywhere.
  hub.seen.length = 0;
  hub.fault = (seen, response) => {
    if (!seen.path.includes("/revision/") || seen.path.endsWith("?back")) return false;
    const back = `${hub.endpoint}${seen.path}?back`;
    response.writeHead(302, { location: seen.server === "hub" ? hub.store + seen.path : back }).end();
    return true;
  };
  await expect(pull("org/tiny", { token: "secret" })).rejects.toThrow();
  expect(hub.seen.map(({ server, token }) => [server, token])).toEqual([
    ["hub", "Bearer secret"],
    ["store", undefined],
    ["hub", undefined],
  ]);
});

test.each([
  ["ftp://elsewhere/x", CheckpointError, "expected an address that is as safe"],
  ["/api/models/org/tiny/revision/main", OverloadError, 'redirects requests for "org/tiny" in a circle'],
])("a redirect to %s", async (location, kind, message) => {
  const { pull } = await faultyHub((_seen, response) => done(response.writeHead(302, { location }).end()));
  const refused = pull();
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toThrow(kind);
});

const listing = (...names: unknown[]) => ({ sha: COMMIT, siblings: names.map((rfilename) => ({ rfilename })) });

test.each([
  [listing("config.json", "../../evil"), CheckpointError, 'lists the file "../../evil", which leads elsewhere'],
  [listing("/etc/passwd"), CheckpointError, 'lists the file "/etc/passwd", which leads elsewhere'],
  [listing("a\0b"), CheckpointError, "which leads elsewhere"],
  [{ sha: "../../x", siblings: [] }, CheckpointError, 'names "../../x" as its commit; expected 40 hexadecimal digits'],
  [{ siblings: [] }, CheckpointError, "names null as its commit"],
  [listing(7), InputError, "does not list the files"],
  [{ sha: COMMIT }, InputError, "does not list the files"],
  ["<html>", InputError, "does not list the files"],
])("a listing that is a lie: %j", async (listed, kind, message) => {
  const { hub, pull, cacheFolder } = await faultyHub();
  hub.listing = listed;
  const refused = pull();
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toThrow(kind);
  expect(readTree(cacheFolder)).toEqual({});
});

test("an ETag that is a path, modules and shards that lie elsewhere", async () => {
  const etag: Fault = (seen, response) => {
    if (seen.method !== "HEAD") return false;
    response.writeHead(200, { etag: '"../../evil"', "content-length": 7 }).end();
    return true;
  };
  await expect((await faultyHub(etag)).pull()).rejects.toThrow('sends the ETag "\\"../../evil\\""; expected a hash');
  const modules = JSON.stringify([{ type: "sentence_transformers.models.Transformer", path: "../x" }]);
  const withModules = await faultyHub(undefined, { ...FILES, "modules.json": modules });
  await expect(withModules.pull()).rejects.toThrow('modules.json names "../x"; expected a plain name');
  const index = { "config.json": "{}", "model.safetensors.index.json": '{"weight_map":{"a":"../x.safetensors"}}' };
  await expect((await faultyHub(undefined, index)).pull()).rejects.toThrow(ConfigError);
});

test("an interrupted pull stops at once, and the next takes it up", async () => {
  const interruption = new AbortController();
  const { hub, pull, content } = await faultyHub((seen, response, bytes) => {
    if (seen.server !== "store") return false;
    response.writeHead(200, { "content-length": bytes!.length });
    response.write(bytes!.subarray(0, 50_000), () => setTimeout(() => interruption.abort(new Error("enough")), 50));
    return true;
  });
  await expect(pull("org/tiny", { signal: interruption.signal })).rejects.toThrow("enough");
  hub.fault = undefined;
  hub.sent = 0;
  await pull();
  expect([content("model.safetensors").equals(WEIGHTS), hub.sent]).toEqual([true, 250_000]);
});

test("offline nothing is pulled", async () => {
  const { hub, pull } = await faultyHub();
  await expect(pull("org/tiny", { offline: true })).rejects.toThrow("HF_HUB_OFFLINE forbids asking the hub.");
  expect(hub.seen).toEqual([]);
});

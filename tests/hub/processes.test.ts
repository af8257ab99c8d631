import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findCached } from "../../src/checkpoints/hub/find-cached.ts";
import { parseHubId } from "../../src/checkpoints/hub/hub-id.ts";
import { pullModel } from "../../src/checkpoints/hub/pull-model.ts";
import { etagOf, type MockHub, type SeenRequest, startMockHub } from "../support/mock-hub.ts";
import { readTree } from "../support/read-tree.ts";
import { jsonLines } from "../support/run-cli.ts";
import { repositoryRoot } from "../support/shared.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const WEIGHTS = Buffer.alloc(400_000, "weights of a model, ");
const FILES = {
  "config.json": '{"a":1}',
  "vocab.txt": "[PAD]\n[UNK]\n",
  "model.safetensors": WEIGHTS,
};
const TOTAL = Object.values(FILES).reduce((sum, content) => sum + content.length, 0);

/** Sends weights slowly, in pieces; `onPiece` is called with the bytes on their way. */
function sendSlowly(hub: MockHub, onPiece: (bytes: number) => void = () => undefined) {
  return (seen: SeenRequest, response: ServerResponse, content: Buffer | undefined) => {
    if (seen.server !== "store") return false;
    const start = Number(/^bytes=(\d+)-$/.exec(seen.range ?? "")?.[1] ?? 0);
    if (start > 0) response.setHeader("content-range", `bytes ${start}-${content!.length - 1}/${content!.length}`);
    response.writeHead(start > 0 ? 206 : 200, { "content-length": content!.length - start });
    const send = (at: number) => {
      if (response.destroyed) return;
      const piece = content!.subarray(at, at + 40_000);
      hub.sent += piece.length;
      response.write(piece, () => onPiece(at + piece.length));
      if (at + piece.length < content!.length) setTimeout(send, 10, at + piece.length);
      else response.end();
    };
    send(start);
    return true;
  };
}

/** "cloze pull org/tiny" in a process of its own. */
function startPull(hub: MockHub, cacheFolder: string) {
  const main = join(repositoryRoot, "src/cli/main.ts");
  const child = spawn(process.execPath, ["--import", "tsx", main, "pull", "org/tiny"], {
    cwd: repositoryRoot,
    env: { ...process.env, HF_HUB_OFFLINE: "0", HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: cacheFolder },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const written = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (written.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (written.stderr += text));
  return { child, written, exit: once(child, "close").then(([exitCode]) => exitCode as number | null) };
}

/** Blobs whose content is not what their name says: none may ever be there. */
function wrongBlobs(cacheFolder: string): string[] {
  const folder = join(cacheFolder, "models--org--tiny/blobs");
  if (!existsSync(folder)) return [];
  const whole = readdirSync(folder).filter((name) => !name.endsWith(".incomplete"));
  return whole.filter((etag) => {
    const bytes = readFileSync(join(folder, etag));
    const small = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
    return etag !== small && etag !== createHash("sha256").update(bytes).digest("hex");
  });
}

/** When to kill. */
interface Moment {
  readonly when: string;
  /** What the hub is asked then. */
  readonly isNow?: (seen: SeenRequest) => boolean;
  /** Of the weights that are on their way then. */
  readonly bytes?: number;
}

const MOMENTS: readonly Moment[] = [
  { when: "the hub is asked what there is", isNow: ({ path }) => path.includes("/revision/") },
  { when: "the first file is asked about", isNow: ({ method }) => method === "HEAD" },
  { when: "a small file is asked for", isNow: ({ method, path }) => method === "GET" && path.endsWith("vocab.txt") },
  { when: "the weights are asked for", isNow: ({ server }) => server === "store" },
  { when: "a tenth of the weights is on its way", bytes: 40_000 },
  { when: "half of the weights is on its way", bytes: 200_000 },
  { when: "all of the weights is on its way", bytes: 400_000 },
];

test.each(MOMENTS)(
  "kill -9 when $when: nothing false is left, and the next pull completes it",
  async ({ isNow, bytes }) => {
    const hub = await startMockHub(FILES);
    onTestFinished(() => hub.close());
    const cacheFolder = temporaryFolder();
    const whole = { cacheFolder: temporaryFolder(), endpoint: hub.endpoint, offline: false };
    await pullModel("org/tiny", whole);
    let child: ChildProcess | undefined;
    const slowly = sendSlowly(hub, (sent) => sent === bytes && child?.kill("SIGKILL"));
    hub.fault = (seen, response, content) => {
      if (isNow?.(seen)) child?.kill("SIGKILL");
      return slowly(seen, response, content);
    };
    const first = startPull(hub, cacheFolder);
    child = first.child;
    // Where all bytes are on their way, the process may be done before the signal comes.
    expect(bytes === WEIGHTS.length ? [null, 0] : [null]).toContain(await first.exit);
    hub.fault = undefined;
    const isDone = first.child.exitCode === 0;
    expect(wrongBlobs(cacheFolder)).toEqual([]);
    expect(findCached(cacheFolder, parseHubId("org/tiny"))?.isWhole ?? false).toBe(isDone);
    const began = performance.now();
    await pullModel("org/tiny", { ...whole, cacheFolder });
    // The lock of a process that has died is taken at once, not after its signs of life have failed to come.
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(readTree(cacheFolder)).toEqual(readTree(whole.cacheFolder));
  },
);

test("what a killed process had of a large file is not fetched again", async () => {
  const hub = await startMockHub(FILES);
  onTestFinished(() => hub.close());
  const cacheFolder = temporaryFolder();
  const { child, exit } = startPull(hub, cacheFolder);
  hub.fault = sendSlowly(hub, (sent) => sent === 320_000 && child.kill("SIGKILL"));
  await exit;
  const etag = etagOf("model.safetensors", WEIGHTS);
  const blobs = join(cacheFolder, "models--org--tiny/blobs");
  const left = readdirSync(blobs).find((name) => name.startsWith(etag) && name.endsWith(".incomplete"));
  const had = readFileSync(join(blobs, left!)).length;
  expect(had).toBeGreaterThan(0);
  hub.fault = undefined;
  hub.sent = 0;
  await pullModel("org/tiny", { cacheFolder, endpoint: hub.endpoint, offline: false });
  expect(hub.sent).toBe(WEIGHTS.length - had);
});

test("two processes at once: each file is fetched once, and both have all", async () => {
  const hub = await startMockHub(FILES);
  onTestFinished(() => hub.close());
  const cacheFolder = temporaryFolder();
  hub.fault = sendSlowly(hub);
  const both = [startPull(hub, cacheFolder), startPull(hub, cacheFolder)];
  expect(await Promise.all(both.map(({ exit }) => exit))).toEqual([0, 0]);
  const lines = both.map(({ written }) => jsonLines(written.stdout)[0]);
  expect(lines[0]?.folder).toBe(lines[1]?.folder);
  expect(both.map(({ written }) => written.stderr)).toEqual(["", ""]);
  expect(hub.sent).toBe(TOTAL);
  hub.fault = undefined;
  const alone = { cacheFolder: temporaryFolder(), endpoint: hub.endpoint, offline: false };
  await pullModel("org/tiny", alone);
  expect(readTree(cacheFolder)).toEqual(readTree(alone.cacheFolder));
});

import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findCached } from "../../src/checkpoints/hub/find-cached.ts";
import { parseHubId } from "../../src/checkpoints/hub/hub-id.ts";
import { pullModel } from "../../src/checkpoints/hub/pull-model.ts";
import { etagOf, type SeenRequest, startMockHub } from "../support/mock-hub.ts";
import { readTree } from "../support/read-tree.ts";
import { jsonLines } from "../support/run-cli.ts";
import { FILES, sendSlowly, startPull, TOTAL, WEIGHTS, wrongBlobs } from "../support/slow-pull.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

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

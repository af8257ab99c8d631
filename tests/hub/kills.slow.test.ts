import { randomInt } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { pullModel } from "../../src/checkpoints/hub/pull-model.ts";
import { startMockHub } from "../support/mock-hub.ts";
import { readTree } from "../support/read-tree.ts";
import { FILES, sendSlowly, startPull, wrongBlobs } from "../support/slow-pull.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const KILLS = 25;

/** The files of a cache, without what was being written beside its place when the process died: nobody reads it. */
function wholeFiles(cacheFolder: string): object {
  return Object.fromEntries(Object.entries(readTree(cacheFolder)).filter(([name]) => !name.endsWith(".partial")));
}

test("kill -9 at 25 random moments of pulls into one cache: nothing false is ever left, and the last is whole", async () => {
  const hub = await startMockHub(FILES);
  onTestFinished(() => hub.close());
  const endpoint = { endpoint: hub.endpoint, offline: false };
  const [cacheFolder, whole] = [temporaryFolder(), temporaryFolder()];
  await pullModel("org/tiny", { ...endpoint, cacheFolder: whole });
  let last = cacheFolder;
  for (let kill = 0; kill < KILLS; ) {
    hub.fault = sendSlowly(hub);
    const asked = hub.seen.length;
    const { child, exit } = startPull(hub, last);
    // Not before the process is at work: it takes a while to start.
    while (hub.seen.length === asked && child.exitCode === null) await new Promise((done) => setTimeout(done, 5));
    const timer = setTimeout(() => child.kill("SIGKILL"), randomInt(0, 250));
    const isKilled = (await exit) === null;
    clearTimeout(timer);
    expect(wrongBlobs(last)).toEqual([]);
    if (isKilled) kill++;
    else {
      expect(wholeFiles(last)).toEqual(readTree(whole));
      last = temporaryFolder(); // it was quicker than the signal: what is whole is not pulled again
    }
  }
  hub.fault = undefined;
  await pullModel("org/tiny", { ...endpoint, cacheFolder: last });
  expect(wholeFiles(last)).toEqual(readTree(whole));
}, 180_000);

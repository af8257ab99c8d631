import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { COMMIT, startMockHub } from "../support/mock-hub.ts";
import { jsonLines, runCli } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { NEEDED, SMALL_REPOSITORY } from "./small-repository.ts";

let cacheFolder: string;
beforeEach(async () => {
  const hub = await startMockHub(SMALL_REPOSITORY);
  onTestFinished(() => hub.close());
  cacheFolder = temporaryFolder();
  vi.stubEnv("HF_ENDPOINT", hub.endpoint);
  vi.stubEnv("HF_HUB_CACHE", cacheFolder);
  vi.stubEnv("HF_HUB_OFFLINE", "0");
  onTestFinished(() => void vi.unstubAllEnvs());
});

test("a line a model in a pipe, words on a terminal", async () => {
  const folder = join(cacheFolder, "models--org--tiny/snapshots", COMMIT);
  const result = await runCli(["pull", "org/tiny", "org/tiny@v1"]);
  expect({ ...result, stdout: "" }).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  const line = { id: "org/tiny", commit: COMMIT, folder, files: NEEDED };
  expect(jsonLines(result.stdout)).toEqual([
    { ...line, revision: "main", fetched: 40_341 },
    { ...line, revision: "v1", fetched: 0 },
  ]);
  const shown = await runCli(["pull", "org/tiny"], { isTerminal: true });
  expect(shown).toEqual({
    exitCode: 0,
    stdout: `org/tiny@main (0123456): 7 files, was there\n${folder}\n`,
    stderr: "",
  });
  expect(jsonLines((await runCli(["pull", "org/tiny", "--json"], { isTerminal: true })).stdout)).toHaveLength(1);
});

test.each([
  [["pull"], /^error: missing required argument 'id'\n$/],
  [["pull", "../tiny"], /^error: "..\/tiny" is no model id of the hub; expected organization\/name, such as/],
  [
    ["pull", "org/tiny", "--revision", "../x"],
    /^error: "..\/x" is no revision; expected a branch, a tag or a commit of org\/tiny/,
  ],
  [["pull", "org/other"], /^error: There is no model "org\/other" on http/],
])("%j is a mistake", async (argv, message) => {
  const result = await runCli(argv);
  expect({ ...result, stderr: "" }).toEqual({ exitCode: 2, stdout: "", stderr: "" });
  expect(result.stderr).toMatch(message);
});

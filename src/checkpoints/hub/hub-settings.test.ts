import { homedir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { readHubSettings } from "./hub-settings.ts";

beforeEach(() => {
  const names =
    "HF_HOME HF_HUB_CACHE HUGGINGFACE_HUB_CACHE XDG_CACHE_HOME HF_TOKEN HF_TOKEN_PATH HUGGING_FACE_HUB_TOKEN";
  for (const name of `${names} HF_ENDPOINT HF_HUB_OFFLINE TRANSFORMERS_OFFLINE`.split(" ")) vi.stubEnv(name, "");
});
afterEach(() => void vi.unstubAllEnvs());

test("the cache, from the nearest variable to the user's folder", () => {
  const caches: string[] = [];
  const note = (name?: string, value?: string) => {
    if (name !== undefined) vi.stubEnv(name, value);
    caches.push(readHubSettings().cacheFolder);
  };
  note();
  note("XDG_CACHE_HOME", "/xdg");
  note("HF_HOME", "~/hf");
  note("HUGGINGFACE_HUB_CACHE", "/old");
  note("HF_HUB_CACHE", "/new");
  const home = homedir();
  expect(caches).toEqual([
    join(home, ".cache/huggingface/hub"),
    "/xdg/huggingface/hub",
    join(home, "hf/hub"),
    "/old",
    "/new",
  ]);
  expect(readHubSettings({ cacheFolder: "/given" }).cacheFolder).toBe("/given");
});

test("the token: variable, file, or none when it is not to be sent by itself", () => {
  expect(readHubSettings().token).toBeUndefined();
  vi.stubEnv("HF_HOME", temporaryFolder({ token: "from-file\n" }));
  expect(readHubSettings().token).toBe("from-file");
  vi.stubEnv("HF_TOKEN", " from-variable ");
  expect(readHubSettings().token).toBe("from-variable");
  vi.stubEnv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1");
  expect(readHubSettings().token).toBeUndefined();
  expect(readHubSettings({ token: "given" }).token).toBe("given");
  expect(() => readHubSettings({ token: "two\nlines" })).toThrow("is not one word of plain characters.");
});

test("offline, times and the address", () => {
  expect(readHubSettings({ endpoint: "http://127.0.0.1:1/hub/" })).toMatchObject({
    ...{ endpoint: "http://127.0.0.1:1/hub", offline: false, answerTimeout: 10_000, dataTimeout: 10_000 },
  });
  vi.stubEnv("TRANSFORMERS_OFFLINE", "yes");
  vi.stubEnv("HF_HUB_ETAG_TIMEOUT", "2.5");
  expect(readHubSettings()).toMatchObject({ offline: true, answerTimeout: 2500 });
  vi.stubEnv("HF_HUB_DOWNLOAD_TIMEOUT", "soon");
  expect(() => readHubSettings()).toThrow('HF_HUB_DOWNLOAD_TIMEOUT is "soon"; expected a number of seconds above 0.');
  for (const endpoint of ["hub", "ftp://hub", "http://user:pass@hub"]) {
    expect(() => readHubSettings({ endpoint })).toThrow(`The hub's address (HF_ENDPOINT) is "${endpoint}"`);
  }
});

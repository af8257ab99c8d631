import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { resolveWhere } from "../../src/checkpoints/default-model.ts";
import { pullModel } from "../../src/checkpoints/hub/pull-model.ts";
import { InputError } from "../../src/errors.ts";
import { Embedder } from "../../src/index.ts";
import { COMMIT, etagOf, type MockHub, startMockHub } from "../support/mock-hub.ts";
import { indexText, weightBytes } from "../support/model-folder.ts";
import { readTree, writeTree } from "../support/read-tree.ts";
import { tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { NEEDED, SMALL_REPOSITORY } from "./small-repository.ts";

async function mockHub(files: MockHub["files"] = SMALL_REPOSITORY) {
  const hub = await startMockHub(files);
  onTestFinished(() => hub.close());
  return { hub, options: { endpoint: hub.endpoint, cacheFolder: temporaryFolder(), offline: false, retryWait: 1 } };
}

/** What names a file of the cache says, whoever made it. */
function withoutTag(tree: { [path: string]: string }): { [path: string]: string } {
  const { "CACHEDIR.TAG": tag, ...others } = tree;
  expect(tag).toBeDefined();
  return others;
}

/** The environment of a user with this cache and hub. */
function useHub(hub: MockHub, cacheFolder: string, offline: boolean): void {
  vi.stubEnv("HF_ENDPOINT", hub.endpoint);
  vi.stubEnv("HF_HUB_CACHE", cacheFolder);
  vi.stubEnv("HF_HUB_OFFLINE", offline ? "1" : "0");
  onTestFinished(() => void vi.unstubAllEnvs());
}

// tests/hub/record-python-cache.ts recorded the tree, with huggingface_hub 2.4.0 on the same hub.
test("the cache is the Python library's, file by file", async () => {
  const { options } = await mockHub();
  const pulled = await pullModel("org/tiny", options);
  const { cacheFolder } = options;
  const folder = join(cacheFolder, "models--org--tiny/snapshots", COMMIT);
  expect(pulled).toEqual({
    ...{ id: "org/tiny", revision: "main", commit: COMMIT, folder, files: NEEDED },
    fetched: NEEDED.reduce((sum, name) => sum + SMALL_REPOSITORY[name]!.length, 0),
  });
  const recorded = JSON.parse(readFileSync(new URL("python-cache.json", import.meta.url), "utf8"));
  expect(withoutTag(readTree(cacheFolder))).toEqual(withoutTag(recorded));
  expect(readFileSync(join(cacheFolder, "CACHEDIR.TAG"), "utf8")).toMatch(
    /^Signature: 8a477f597d28d172789f06886806bc55\n/,
  );
});

test("the Python library's own cache is whole for Cloze: nothing is asked, offline or not", async () => {
  const { hub, options } = await mockHub();
  const { "CACHEDIR.TAG": _, ...recorded } = JSON.parse(
    readFileSync(new URL("python-cache.json", import.meta.url), "utf8"),
  );
  writeTree(options.cacheFolder, recorded, [...Object.values(SMALL_REPOSITORY), COMMIT, ""]);
  for (const offline of [true, false]) {
    useHub(hub, options.cacheFolder, offline);
    const { folder, layout } = await resolveWhere("org/tiny");
    expect(folder).toBe(join(options.cacheFolder, "models--org--tiny/snapshots", COMMIT));
    expect(layout?.kind).toBe("embedder");
  }
  expect(hub.seen).toEqual([]);
  expect((await pullModel("org/tiny", options)).fetched).toBe(0);
});

test("what is there is not fetched again, and another revision shares its blobs", async () => {
  const { hub, options } = await mockHub();
  await pullModel("org/tiny", options);
  const before = hub.sent;
  hub.seen.length = 0;
  expect((await pullModel("org/tiny", options)).fetched).toBe(0);
  expect(hub.seen.map(({ path }) => path)).toEqual(["/api/models/org/tiny/revision/main"]);
  hub.commit = "f".repeat(40);
  hub.files = { ...hub.files, "vocab.txt": "[PAD]\n" };
  const next = await pullModel("org/tiny@v1", options);
  expect([next.commit, hub.sent - before]).toEqual([hub.commit, "[PAD]\n".length]);
  expect(readFileSync(join(options.cacheFolder, "models--org--tiny/refs/v1"), "utf8")).toBe(hub.commit);
  expect(readFileSync(join(options.cacheFolder, "models--org--tiny/refs/main"), "utf8")).toBe(COMMIT);
});

test("progress counts bytes up to what is needed", async () => {
  const { options } = await mockHub();
  const seen: { done: number; total: number }[] = [];
  const { fetched } = await pullModel("org/tiny", { ...options, onProgress: (progress) => seen.push(progress) });
  expect(seen.at(-1)).toMatchObject({ phase: "pull", unit: "bytes", done: fetched, total: fetched });
  expect(seen.every(({ done, total }, i) => done <= total && done >= (seen[i - 1]?.done ?? 0))).toBe(true);
});

test("shards of an index are pulled, pytorch_model.bin only where there is nothing else", async () => {
  const shards = { "a.safetensors": weightBytes({ a: [2] }), "b.safetensors": weightBytes({ b: [2] }) };
  const files = {
    "config.json": "{}",
    "model.safetensors.index.json": indexText({ a: "a.safetensors", b: "b.safetensors" }),
    "a.safetensors": Buffer.from(shards["a.safetensors"]),
    "b.safetensors": Buffer.from(shards["b.safetensors"]),
    "unrelated.safetensors": "x",
    "pytorch_model.bin": "x",
  };
  const { hub, options } = await mockHub(files);
  const names = ["a.safetensors", "b.safetensors", "config.json", "model.safetensors.index.json"];
  expect((await pullModel("org/tiny", options)).files).toEqual(names);
  hub.files = { "config.json": "{}", "pytorch_model.bin": "x", "tf_model.h5": "x" };
  hub.commit = "a".repeat(40);
  expect((await pullModel("org/tiny", options)).files).toEqual(["config.json", "pytorch_model.bin"]);
  hub.files = { "config.json": "{}", "tf_model.h5": "x", "onnx/model.onnx": "x" };
  hub.commit = "b".repeat(40);
  await expect(pullModel("org/tiny", options)).rejects.toThrow(
    '"org/tiny" has no weights that are read: expected model.safetensors or pytorch_model.bin, got tf_model.h5, onnx/model.onnx.',
  );
});

function tinyFiles(): MockHub["files"] {
  const folder = tinyModel();
  const names = ["config.json", "vocab.txt", "model.safetensors"];
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))]));
}

test("a model loads by its id: from the hub, then from the cache alone", async () => {
  const { hub, options } = await mockHub(tinyFiles());
  useHub(hub, options.cacheFolder, false);
  const phases = new Set<string>();
  const load = (where = "org/tiny") =>
    Embedder.load(where, { backend: "reference", onProgress: ({ phase }) => phases.add(phase) });
  const fetched = await load();
  expect([fetched.name, [...phases]]).toEqual(["org/tiny", ["pull", "load"]]);
  const first = await fetched.embed("bees make honey");
  const asked = hub.seen.length;
  expect(await (await load()).embed("bees make honey")).toEqual(first);
  expect(await (await load(`org/tiny@${COMMIT}`)).embed("bees make honey")).toEqual(first);
  expect(hub.seen).toHaveLength(asked);
});

test("a cache of the Python library loads, offline too, and is completed where it has less than is read", async () => {
  const { hub, options } = await mockHub(tinyFiles());
  // As transformers leaves it: configuration and weights; of other files nothing is known.
  const root = join(options.cacheFolder, "models--org--tiny");
  for (const folder of ["blobs", "refs", `snapshots/${COMMIT}`]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "refs/main"), COMMIT);
  const add = (name: string) => {
    const etag = etagOf(name, hub.files[name]!);
    writeFileSync(join(root, "blobs", etag), hub.files[name]!);
    symlinkSync(`../../blobs/${etag}`, join(root, "snapshots", COMMIT, name));
  };
  add("config.json");
  useHub(hub, options.cacheFolder, true);
  await expect(resolveWhere("org/tiny")).rejects.toThrow(
    `There is no folder "org/tiny" here, the cache ${options.cacheFolder} lacks "model.safetensors" of "org/tiny", and HF_HUB_OFFLINE forbids asking the hub.`,
  );
  for (const name of ["vocab.txt", "model.safetensors"]) add(name);
  expect((await resolveWhere("org/tiny")).folder).toBe(join(root, "snapshots", COMMIT));
  expect(hub.seen).toEqual([]);
  vi.stubEnv("HF_HUB_OFFLINE", "0");
  await resolveWhere("org/tiny");
  expect(hub.sent).toBe(0);
  expect(existsSync(join(root, ".no_exist", COMMIT, "modules.json"))).toBe(true);
  const embedder = await Embedder.load("org/tiny", { backend: "reference" });
  expect(await embedder.embed("bees")).toHaveLength(24);
});

test("a moved cache and one without links are read", async () => {
  const { hub, options } = await mockHub(tinyFiles());
  await pullModel("org/tiny", options);
  const moved = join(temporaryFolder(), "moved");
  cpSync(options.cacheFolder, moved, { recursive: true, verbatimSymlinks: true });
  rmSync(options.cacheFolder, { recursive: true });
  useHub(hub, moved, true);
  expect((await resolveWhere("org/tiny")).folder).toContain(moved);
  const copied = join(temporaryFolder(), "copied");
  cpSync(moved, copied, { recursive: true, dereference: true });
  useHub(hub, copied, true);
  expect(await (await Embedder.load("org/tiny", { backend: "reference" })).embed("bees")).toHaveLength(24);
});

test("an id that is nowhere: all that was tried is told", async () => {
  const { hub, options } = await mockHub();
  useHub(hub, options.cacheFolder, false);
  const message = `There is no folder "org/other" here, "org/other" at "main" is not in the cache ${options.cacheFolder}, and the hub was asked: There is no model "org/other" on ${hub.endpoint}. Check its name; when it is private, set HF_TOKEN to a token that may read it.`;
  await expect(Embedder.load("org/other", { backend: "reference" })).rejects.toThrow(new InputError(message));
  await hub.close();
  await expect(resolveWhere("org/other")).rejects.toThrow(
    `${hub.endpoint} cannot be reached for "org/other" (ECONNREFUSED).`,
  );
});

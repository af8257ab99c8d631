import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { Classifier, Embedder } from "../../src/index.ts";
import { COMMIT, startMockHub } from "../support/mock-hub.ts";
import { jsonLines, runCli, tinyModel } from "../support/run-cli.ts";
import { repositoryRoot } from "../support/shared.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const FIXTURE = join(repositoryRoot, "tests/golden/fixtures/bert");

/** A hub with the tiny model under this id, an empty cache, and the environment that names both. */
async function tinyHub(repository: string) {
  const folder = tinyModel();
  const names = ["config.json", "vocab.txt", "model.safetensors"];
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))]));
  const hub = await startMockHub(files);
  onTestFinished(() => hub.close());
  hub.repository = repository;
  const cacheFolder = temporaryFolder();
  const settings = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: cacheFolder, HF_HUB_OFFLINE: "0" };
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const asked = (suffix: string) => hub.seen.some(({ path }) => path.endsWith(suffix));
  return { hub, folder, asked, snapshot: join(cacheFolder, folderName(repository), "snapshots", COMMIT) };
}

const folderName = (repository: string) => `models--${repository.replace("/", "--")}`;

test.each(["org/tiny", "bert-tiny-uncased"])("every verb takes %s", async (id) => {
  const { hub, folder, asked, snapshot } = await tinyHub(id);
  const run = async (...argv: string[]) => {
    const { exitCode, stdout, stderr } = await runCli(argv);
    expect([exitCode, stderr]).toEqual([0, ""]);
    return jsonLines(stdout)[0];
  };
  // A tokenizer needs no weights, so none are fetched.
  const tokens = await run("tokenize", id, "bees make honey");
  expect(tokens).toEqual(await run("tokenize", folder, "bees make honey"));
  expect([asked("/vocab.txt"), asked("model.safetensors")]).toEqual([true, false]);
  expect(await run("inspect", id)).toMatchObject({ name: id, folder: snapshot, loads: true });
  expect(asked("model.safetensors")).toBe(true);
  const before = hub.seen.length;
  const expected = join(FIXTURE, "expected.safetensors");
  expect(await run("verify", id, "--expected", expected, "--backend", "reference")).toMatchObject({ passed: true });
  await run("embed", "bees", "--model", id, "--backend", "reference");
  await run("tokenize", `${id}@${COMMIT}`, "bees");
  expect(hub.seen).toHaveLength(before);
});

test("an id of the oldest kind: loaded, then offline, then a folder of that name comes first", async () => {
  const { hub, folder } = await tinyHub("bert-tiny-uncased");
  const load = (where: string) => Embedder.load(where, { backend: "reference" });
  const vector = await (await load("bert-tiny-uncased")).embed("bees");
  vi.stubEnv("HF_HUB_OFFLINE", "1");
  expect(await (await load("bert-tiny-uncased")).embed("bees")).toEqual(vector);
  await expect(load("bert-small-uncased")).rejects.toThrow(
    /^There is no folder "bert-small-uncased" here, "bert-small-uncased" at "main" is not in the cache .*, and HF_HUB_OFFLINE/,
  );
  const before = process.cwd();
  onTestFinished(() => process.chdir(before));
  process.chdir(join(folder, ".."));
  vi.stubEnv("HF_HUB_CACHE", temporaryFolder());
  const name = folder.split("/").at(-1)!;
  expect((await load(name)).name).toBe(name);
  expect(hub.seen.some(({ path }) => path.includes(name))).toBe(false);
});

test("a repository that has moved is followed on the hub's own host, and cached under the id that was asked for", async () => {
  const { hub, snapshot } = await tinyHub("google-bert/bert-tiny-uncased");
  hub.fault = (seen, response) => {
    const isOld = /^\/(api\/models\/)?bert-tiny-uncased\//.test(seen.path);
    const location = seen.path.replace("bert-tiny-uncased", "google-bert/bert-tiny-uncased");
    if (isOld) response.writeHead(307, { location }).end();
    return isOld;
  };
  const embedder = await Embedder.load("bert-tiny-uncased", { backend: "reference" });
  expect(await embedder.embed("bees")).toHaveLength(24);
  const folder = snapshot.replace("models--google-bert--", "models--");
  expect(readFileSync(join(folder, "vocab.txt"), "utf8")).toContain("honey");
});

test("a branch whose newest commit was fetched for its tokenizer alone still loads offline", async () => {
  const { hub } = await tinyHub("org/tiny");
  await (await Embedder.load("org/tiny", { backend: "reference" })).dispose();
  hub.commit = "f".repeat(40);
  // As a cache that Python left: of a file that is looked for nothing is known.
  const cache = process.env.HF_HUB_CACHE!;
  rmSync(join(cache, "models--org--tiny/.no_exist"), { recursive: true });
  expect((await runCli(["tokenize", "org/tiny", "bees"])).exitCode).toBe(0);
  vi.stubEnv("HF_HUB_OFFLINE", "1");
  await (await Embedder.load("org/tiny", { backend: "reference" })).dispose();
});

test("a model without the head that a task needs is refused by its id", async () => {
  await tinyHub("org/tiny");
  await expect(Classifier.load("org/tiny", { backend: "reference" })).rejects.toThrow(/"org\/tiny"/);
});

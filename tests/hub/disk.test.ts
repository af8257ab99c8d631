import fs, { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { resolveWhere } from "../../src/checkpoints/default-model.ts";
import { pullModel } from "../../src/checkpoints/hub/pull-model.ts";
import { InputError } from "../../src/errors.ts";
import { Embedder } from "../../src/index.ts";
import { breakFile, failure, readOnlyDisk, smallDisk } from "../support/broken-disk.ts";
import { COMMIT, startMockHub } from "../support/mock-hub.ts";
import { readTree } from "../support/read-tree.ts";
import { tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const WEIGHTS = Buffer.alloc(300_000, "weights of a model, ");
const FILES = { "config.json": '{"a":1}', "model.safetensors": WEIGHTS };

async function pulling(files: { readonly [name: string]: string | Buffer } = FILES) {
  const hub = await startMockHub(files);
  onTestFinished(() => hub.close());
  const cacheFolder = temporaryFolder();
  const options = { endpoint: hub.endpoint, cacheFolder, offline: false, retryWait: 1 };
  return { hub, cacheFolder, pull: () => pullModel("org/tiny", options) };
}

test.each(["ENOSPC", "EDQUOT"])(
  "a disk that fills while weights are written (%s): nothing of them is kept",
  async (code) => {
    const { hub, cacheFolder, pull } = await pulling();
    const mend = smallDisk(100_000, code);
    const refused = pull();
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(
      `The disk of the cache "${cacheFolder}" is full: "org/tiny" was not pulled, whole files of it are kept. Free some room, or set HF_HUB_CACHE to another folder.`,
    );
    const tree = readTree(cacheFolder);
    expect(Object.keys(tree).filter((path) => /incomplete|partial|owner|refs\//.test(path))).toEqual([]);
    expect(Object.keys(tree).filter((path) => path.includes("snapshots"))).toEqual([
      `models--org--tiny/snapshots/${COMMIT}/config.json`,
    ]);
    mend();
    hub.sent = 0;
    const { folder } = await pull();
    expect([readFileSync(join(folder, "model.safetensors")).equals(WEIGHTS), hub.sent]).toEqual([true, 300_000]);
  },
);

test("a disk that fails at any one write: told, and the next pull is whole", async () => {
  const reference = await pulling();
  await reference.pull();
  for (let failing = 0; ; failing++) {
    const { cacheFolder, pull } = await pulling();
    let writes = 0;
    const mend = breakFile("writeSync", (whole) => {
      const writeSync = (...given: Parameters<typeof fs.writeSync>) => {
        if (writes++ === failing) throw failure("ENOSPC", "write");
        return whole(...given);
      };
      return writeSync as typeof fs.writeSync;
    });
    const outcome = await pull().then(
      () => "whole",
      (error: unknown) => error,
    );
    mend();
    if (outcome !== "whole") expect(outcome).toBeInstanceOf(InputError);
    await pull();
    expect(readTree(cacheFolder)).toEqual(readTree(reference.cacheFolder));
    if (writes <= failing) break;
  }
});

test("a cache that cannot be written", async () => {
  const { cacheFolder, pull } = await pulling();
  readOnlyDisk();
  await expect(pull()).rejects.toThrow(
    `The disk of the cache "${cacheFolder}" cannot be written (EROFS): "org/tiny" was not pulled`,
  );
});

test("a file where the cache's folder should be", async () => {
  const { hub } = await pulling();
  const cacheFolder = join(temporaryFolder({ cache: "" }), "cache");
  const refused = pullModel("org/tiny", { endpoint: hub.endpoint, cacheFolder, offline: false });
  await expect(refused).rejects.toThrow(/^The disk of the cache ".*" cannot be written \((EEXIST|ENOTDIR)\)/);
});

test("where links cannot be made, files are copied, and the cache serves as well", async () => {
  const folder = tinyModel();
  const names = ["config.json", "vocab.txt", "model.safetensors"];
  const { hub, cacheFolder, pull } = await pulling(
    Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))])),
  );
  const mend = breakFile("symlinkSync", () => () => {
    throw failure("EPERM", "symlink");
  });
  const pulled = await pull();
  const tree = readTree(cacheFolder);
  for (const name of names) expect(tree[`models--org--tiny/snapshots/${COMMIT}/${name}`]).toMatch(/^\d+ bytes/);
  expect(Object.keys(tree).filter((path) => path.endsWith(".partial"))).toEqual([]);
  expect((await pull()).fetched).toBe(0);
  mend();
  await hub.close();
  vi.stubEnv("HF_HUB_CACHE", cacheFolder);
  onTestFinished(() => void vi.unstubAllEnvs());
  expect((await resolveWhere("org/tiny")).folder).toBe(pulled.folder);
  const embedder = await Embedder.load("org/tiny", { backend: "reference" });
  expect(await embedder.embed("bees")).toHaveLength(24);
});

test("a snapshot's file that is a link to nothing is put right", async () => {
  const { cacheFolder, pull } = await pulling();
  const { folder } = await pull();
  fs.rmSync(join(cacheFolder, "models--org--tiny/blobs"), { recursive: true });
  expect(existsSync(join(folder, "model.safetensors"))).toBe(false);
  expect((await pull()).fetched).toBe(300_007);
  expect(readFileSync(join(folder, "model.safetensors")).equals(WEIGHTS)).toBe(true);
  // A folder in a file's place is somebody else's: left alone, and said.
  fs.rmSync(join(folder, "config.json"));
  mkdirSync(join(folder, "config.json"));
  writeFileSync(join(folder, "config.json/x"), "");
  await expect(pull()).rejects.toThrow(/cannot be written \((EISDIR|ENOTEMPTY|EEXIST|EPERM)\)/);
});

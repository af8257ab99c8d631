import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { indexText, weightBytes } from "../../tests/support/model-folder.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { Checkpoint } from "./repository.ts";

const INDEX = "model.safetensors.index.json";

/** A model folder with two shards and this index, unless `files` say otherwise. */
function modelFolder(index: string, files: { readonly [name: string]: string | Uint8Array } = {}): string {
  return temporaryFolder({
    "config.json": "{}",
    "1.safetensors": weightBytes({ a: [1], b: [2] }),
    "2.safetensors": weightBytes({ c: [3] }),
    [INDEX]: index,
    ...files,
  });
}

const good = { a: "1.safetensors", b: "1.safetensors", c: "2.safetensors" };

test("tensors are found in their shards", () => {
  const checkpoint = Checkpoint.open(modelFolder(indexText(good)));
  expect(checkpoint.list().map(({ name }) => name)).toEqual(["a", "b", "c"]);
  expect(checkpoint.weightFiles.map(({ name }) => name)).toEqual(["1.safetensors", "2.safetensors"]);
  expect(checkpoint.tensor("c").read()).toHaveLength(12);
});

describe("an index is not trusted (W15)", () => {
  test.each([
    ["../x.safetensors"],
    ["../../x"],
    ["/etc/passwd"],
    ["a\\b"],
    ["a\0b"],
    ["https://example.org/x.safetensors"],
    ["C:x"],
    ["./1.safetensors"],
    ["a/../1.safetensors"],
    ["a//b"],
    [".."],
    ["x".repeat(300)],
  ])("naming %j", (name) => {
    const folder = modelFolder(indexText({ ...good, d: name }));
    expect(() => Checkpoint.open(folder)).toThrow(/names ".*; expected a plain name inside the folder\./);
  });

  test("naming nothing, or a folder", () => {
    const folder = modelFolder(indexText({ ...good, d: "3.safetensors" }));
    expect(() => Checkpoint.open(folder)).toThrow(`${INDEX} names "3.safetensors", which is missing from "${folder}".`);
    mkdirSync(join(folder, "3.safetensors"));
    expect(() => Checkpoint.open(folder)).toThrow("which is missing");
    expect(() => Checkpoint.open(modelFolder(indexText({ ...good, d: "" })))).toThrow("which is missing");
  });

  test("naming a link out of the folder, a hard link, or a file behind a linked folder", () => {
    const outside = temporaryFolder({ "x.safetensors": weightBytes({ d: [1] }) });
    const folder = modelFolder(indexText({ ...good, d: "3.safetensors" }));
    symlinkSync(join(outside, "x.safetensors"), join(folder, "3.safetensors"));
    expect(() => Checkpoint.open(folder)).toThrow('names "3.safetensors", a link out of');

    const hard = modelFolder(indexText({ ...good, d: "3.safetensors" }));
    writeFileSync(join(hard, "elsewhere"), weightBytes({ d: [1] }));
    linkSync(join(hard, "elsewhere"), join(hard, "3.safetensors"));
    expect(() => Checkpoint.open(hard)).toThrow('names "3.safetensors", a hard link. Copy the file instead.');

    const linked = modelFolder(indexText({ ...good, d: "sub/x.safetensors" }));
    symlinkSync(outside, join(linked, "sub"));
    expect(() => Checkpoint.open(linked)).toThrow('names "sub/x.safetensors", a link out of');
  });

  test("a folder whose name begins like the model's is another folder", () => {
    const parent = temporaryFolder({ "m/config.json": "{}", "m-other/x.safetensors": weightBytes({ d: [1] }) });
    writeFileSync(join(parent, "m", INDEX), indexText({ d: "3.safetensors" }));
    symlinkSync("../m-other/x.safetensors", join(parent, "m", "3.safetensors"));
    expect(() => Checkpoint.open(join(parent, "m"))).toThrow("a link out of");
  });

  test("the hub's cache, whose snapshots are links to blobs beside them, opens", () => {
    const cache = temporaryFolder();
    const repository = join(cache, "models--org--name");
    const snapshot = join(repository, "snapshots", "0123abcd");
    mkdirSync(snapshot, { recursive: true });
    mkdirSync(join(repository, "blobs"));
    const files = {
      "config.json": "{}",
      "1.safetensors": weightBytes({ a: [1] }),
      [INDEX]: indexText({ a: "1.safetensors" }),
    };
    Object.entries(files).forEach(([name, content], i) => {
      writeFileSync(join(repository, "blobs", `blob${i}`), content);
      symlinkSync(`../../blobs/blob${i}`, join(snapshot, name));
    });
    expect(Checkpoint.open(snapshot).list()).toHaveLength(1);
    writeFileSync(join(cache, "secret"), weightBytes({ a: [1] }));
    symlinkSync("../../../secret", join(snapshot, "2.safetensors"));
    writeFileSync(join(repository, "blobs", "blob2"), indexText({ a: "2.safetensors" }));
    expect(() => Checkpoint.open(snapshot)).toThrow("a link out of");
  });

  test("shards that hold other tensors than it says", () => {
    const swapped = modelFolder(indexText({ a: "2.safetensors", b: "2.safetensors", c: "1.safetensors" }));
    expect(() => Checkpoint.open(swapped)).toThrow(
      `${INDEX} says that "a" is in "2.safetensors", which does not hold it.`,
    );
    const partial = modelFolder(indexText({ a: "1.safetensors", c: "2.safetensors" }));
    expect(() => Checkpoint.open(partial)).toThrow(`"1.safetensors" holds "b", which ${INDEX} does not give it.`);
  });

  test("a shard that is truncated", () => {
    const bytes = weightBytes({ c: [3] });
    const folder = modelFolder(indexText(good), { "2.safetensors": bytes.subarray(0, bytes.length - 1) });
    expect(() => Checkpoint.open(folder)).toThrow("The file is truncated or damaged");
  });

  test.each([
    ["no JSON", "{", "is not valid JSON"],
    ["no object", "[]", "holds a list of 0; expected an object."],
    ["no map", "{}", "weight_map is missing"],
    ["a list as its map", '{"weight_map":[]}', "weight_map is missing"],
    ["an empty map", '{"weight_map":{}}', "weight_map is empty"],
    ["a number as a name", '{"weight_map":{"a":1}}', '"a" has no file name'],
  ])("with %s", (_, text, message) => expect(() => Checkpoint.open(modelFolder(text))).toThrow(message));

  test("naming a hundred thousand files", () => {
    const map = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`t${i}`, `${i}.x`]));
    expect(() => Checkpoint.open(modelFolder(indexText(map)))).toThrow("names over 10000 files");
  });
});

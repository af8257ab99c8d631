import { readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { indexText, weightBytes } from "../../tests/support/model-folder.ts";
import { pytorchZip, tensor } from "../../tests/support/pickle-bytes.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { Checkpoint } from "./repository.ts";
import { memoryTensor, tensorValues } from "./stored-types.ts";

const config = '{\n  "eps": 1e-05,\n  "dropout": 0.0,\n  "model_type": "bert"\n}\n';
const weights = weightBytes({ a: [1], b: [2] });
const bin = pytorchZip([["a", tensor("0", 2, [2])]], { "0": Float32Array.of(7, 8) });

describe("opening", () => {
  test.each([
    [
      "model.safetensors",
      { "model.safetensors": weights, "model.fp16.safetensors": weights, "pytorch_model.bin": "x" },
    ],
    ["model.fp16.safetensors", { "model.fp16.safetensors": weights, "pytorch_model.bin": "x" }],
    ["model.fp16.safetensors", { "model.fp16.safetensors": weights, "adapter_model.safetensors": "x" }],
    [
      "1.safetensors",
      {
        "1.safetensors": weights,
        "model.safetensors.index.json": indexText({ a: "1.safetensors", b: "1.safetensors" }),
      },
    ],
    ["pytorch_model.bin", { "pytorch_model.bin": bin, "rust_model.ot": "x" }],
    ["1.bin", { "1.bin": bin, "pytorch_model.bin.index.json": indexText({ a: "1.bin" }) }],
  ])("finds the weights in %s", (name, files) => {
    const checkpoint = Checkpoint.open(temporaryFolder({ "config.json": config, ...files }));
    expect(checkpoint.weightFiles.map((file) => file.name)).toEqual([name]);
    expect(checkpoint.tensor("a").read().length).toBeGreaterThan(0);
    expect(() => checkpoint.tensor("z")).toThrow(`Checkpoint "${checkpoint.name}" has no tensor "z".`);
  });

  test.each([
    "model.pt",
    "model.ckpt",
    "weights.pkl",
    "tf_model.h5",
    "weights.npz",
    "flax_model.msgpack",
    "model.onnx",
    "other.bin",
  ])("weights in %s only are refused with a way to convert them (W17)", (name) => {
    const folder = temporaryFolder({ "config.json": config, [name]: "x" });
    expect(() => Checkpoint.open(folder)).toThrow(
      `"${folder}" has its weights in "${name}", which is not read. Convert it in Python:`,
    );
  });

  test("no folder, no configuration, no weights, too many weights", () => {
    const folder = temporaryFolder({ file: "x" });
    expect(() => Checkpoint.open(join(folder, "m"))).toThrow(`There is no model folder at "${folder}/m".`);
    expect(() => Checkpoint.open(join(folder, "file"))).toThrow("There is no model folder at");
    expect(() => Checkpoint.open(folder)).toThrow("config.json is missing: expected a file at");
    writeFileSync(join(folder, "config.json"), config);
    expect(() => Checkpoint.open(folder)).toThrow("has no weights: expected model.safetensors or pytorch_model.bin.");
    writeFileSync(join(folder, "x.safetensors"), weights);
    writeFileSync(join(folder, "y.safetensors"), weights);
    expect(() => Checkpoint.open(folder)).toThrow("several others: x.safetensors, y.safetensors. Keep one.");
  });

  test.each([
    ["no JSON", "{", "config.json is not valid JSON:"],
    ["NaN, as Python writes it", '{"a": NaN}', "config.json is not valid JSON:"],
    ["a list", "[]", "config.json holds no object."],
    ["invalid UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d), "config.json is not valid UTF-8. Save it as UTF-8."],
    ["40 MB", " ".repeat(40_000_000), "config.json has 40000000 bytes; at most 32 MiB are read."],
  ])("a configuration of %s", (_, text, message) => {
    const folder = temporaryFolder({ "config.json": text, "model.safetensors": weights });
    expect(() => Checkpoint.open(folder)).toThrow(message);
  });

  test("a byte order mark before the configuration is fine", () => {
    const folder = temporaryFolder({ "config.json": `\ufeff${config}`, "model.safetensors": weights });
    expect(Checkpoint.open(folder).config).toMatchObject({ model_type: "bert" });
  });
});

describe("saving", () => {
  const files = {
    "config.json": config,
    "model.safetensors": weights,
    "tokenizer.json": "{}",
    "1_Pooling/config.json": '{"a":1}',
    "2_Dense/pytorch_model.bin": "dense",
    "onnx/model.onnx": "big",
    "model.onnx": "big",
    ".gitattributes": "x",
  };

  test("what is not changed is written byte for byte, with all that belongs to the model", () => {
    const folder = temporaryFolder(files);
    const target = join(temporaryFolder(), "saved");
    Checkpoint.open(folder).save(target);
    expect(readdirSync(target, { recursive: true }).sort()).toEqual([
      ...["1_Pooling", "1_Pooling/config.json", "2_Dense", "2_Dense/pytorch_model.bin"],
      ...["config.json", "model.safetensors", "tokenizer.json"],
    ]);
    for (const name of ["config.json", "model.safetensors", "tokenizer.json", "2_Dense/pytorch_model.bin"] as const) {
      expect(readFileSync(join(target, name))).toEqual(Buffer.from(files[name]));
    }
    expect(readdirSync(join(target, "..")).map((name) => basename(name))).toEqual(["saved"]);
  });

  test("keys of the configuration change where they stand", () => {
    const target = join(temporaryFolder(), "saved");
    Checkpoint.open(temporaryFolder(files)).save(target, { config: { model_type: "roberta", num_labels: 3 } });
    expect(readFileSync(join(target, "config.json"), "utf8")).toBe(
      '{\n  "eps": 1e-05,\n  "dropout": 0.0,\n  "model_type": "roberta",\n  "num_labels": 3\n}\n',
    );
  });

  test("into its own folder", () => {
    const folder = temporaryFolder(files);
    const checkpoint = Checkpoint.open(folder);
    checkpoint.save(folder, { tensors: [memoryTensor("a", [1], Float32Array.of(5)), checkpoint.tensor("b")] });
    expect(tensorValues(Checkpoint.open(folder).tensor("a"))[0]).toBe(5);
    expect(readdirSync(folder).sort()).toEqual(
      Object.keys(files)
        .map((name) => name.split("/")[0]!)
        .sort(),
    );
    expect(() => checkpoint.tensor("a").read()).toThrow("changed or replaced after it was opened");
  });

  test("over another model: its weights go, its other files stay", () => {
    const target = temporaryFolder({
      "model.safetensors": "old",
      "pytorch_model.bin": "old",
      "model-00001-of-00002.safetensors": "old",
      "notes.txt": "mine",
      "1_Pooling/config.json": "old",
    });
    const folder = temporaryFolder({ ...files, "model.safetensors": weights });
    Checkpoint.open(folder).save(target);
    expect(readdirSync(target).sort()).toEqual(
      ["1_Pooling", "2_Dense", "config.json", "model.safetensors", "notes.txt", "tokenizer.json"].sort(),
    );
    expect(readFileSync(join(target, "1_Pooling/config.json"), "utf8")).toBe('{"a":1}');
  });

  test("shards stay shards, and new tensors go to the last", () => {
    const index = indexText({ a: "1.safetensors", b: "1.safetensors", c: "2.safetensors" });
    const folder = temporaryFolder({
      "config.json": config,
      "1.safetensors": weights,
      "2.safetensors": weightBytes({ c: [3] }),
      "model.safetensors.index.json": index,
    });
    const checkpoint = Checkpoint.open(folder);
    const target = join(temporaryFolder(), "saved");
    checkpoint.save(target);
    expect(readFileSync(join(target, "model.safetensors.index.json"), "utf8")).toBe(index);
    expect(readFileSync(join(target, "1.safetensors"))).toEqual(Buffer.from(weights));

    const tensors = checkpoint.list().map(({ name }) => checkpoint.tensor(name));
    checkpoint.save(target, { tensors: [...tensors, memoryTensor("new", [1], Float32Array.of(1))] });
    const saved = Checkpoint.open(target);
    expect(saved.list().map(({ name }) => name)).toEqual(["a", "b", "c", "new"]);
    expect(JSON.parse(readFileSync(join(target, "model.safetensors.index.json"), "utf8"))).toEqual({
      metadata: { total_size: 28 },
      weight_map: { a: "1.safetensors", b: "1.safetensors", c: "2.safetensors", new: "2.safetensors" },
    });
  });

  test("pickles become safetensors", () => {
    const folder = temporaryFolder({ "config.json": config, "pytorch_model.bin": bin });
    const target = join(temporaryFolder(), "saved");
    Checkpoint.open(folder).save(target);
    expect(readdirSync(target).sort()).toEqual(["config.json", "model.safetensors"]);
    expect([...tensorValues(Checkpoint.open(target).tensor("a"))]).toEqual([7, 8]);
  });

  test("nothing is left behind where it fails", () => {
    const folder = temporaryFolder(files);
    const parent = temporaryFolder({ file: "x" });
    expect(() => Checkpoint.open(folder).save(join(parent, "file"))).toThrow(
      /Cannot save to ".*file": there is a file/,
    );
    symlinkSync("nowhere", join(folder, "broken.txt"));
    expect(() => Checkpoint.open(folder).save(join(parent, "saved"))).toThrow();
    expect(readdirSync(parent)).toEqual(["file"]);
  });
});

import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { memoryLimit } from "#platform";
import { tinyModel } from "../../tests/support/run-cli.ts";
import type { Backend, Dtype } from "../backends/backend.ts";
import { ReferenceBackend } from "../backends/reference/reference.ts";
import { WasmBackend } from "../backends/wasm/wasm-backend.ts";
import { Checkpoint } from "../checkpoints/repository.ts";
import { CheckpointError, InputError } from "../errors.ts";
import { describeCheckpoint } from "./describe-checkpoint.ts";
import { loadModel } from "./load-model.ts";
import { checkWeightMemory } from "./weight-memory.ts";

const WORD_TABLE = "embeddings.word_embeddings.weight";

/** A checkpoint of `words` words and 24 hidden units; of its file the disk holds the header alone. */
function vastModel(words: number): string {
  const folder = tinyModel();
  const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  writeFileSync(
    join(folder, "config.json"),
    JSON.stringify({ ...config, architectures: ["BertModel"], vocab_size: words }),
  );
  const tensors = Checkpoint.open(folder).list();
  let end = 0;
  const header: { [name: string]: object } = {};
  for (const { name, shape } of tensors) {
    const stored = name === WORD_TABLE ? [words, shape[1]!] : shape;
    const start = end;
    end += 4 * stored.reduce((product, size) => product * size, 1);
    header[name] = { dtype: "F32", shape: stored, data_offsets: [start, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const file = join(folder, "model.safetensors");
  writeFileSync(file, Buffer.concat([length, text]));
  truncateSync(file, 8 + text.length + end);
  return folder;
}

function load(folder: string, { backend = new ReferenceBackend() as Backend, dtype = "f32" as Dtype } = {}) {
  return loadModel(Checkpoint.open(folder), { backend, dtype });
}

const MEGABYTE = 1e6;

test("weights that do not fit are refused before any of them is read, narrower ones may fit", () => {
  const folder = vastModel(100_000); // 9.6 MB in f32
  const limit = (bytes: number) => vi.stubEnv("CLOZE_MEMORY_LIMIT", String(bytes));
  onTestFinished(() => void vi.unstubAllEnvs());
  limit(8 * MEGABYTE);
  const message = /^Checkpoint ".+": its weights need \d+ MiB of memory; this process may take \d MiB\. Load it with/;
  expect(() => load(folder)).toThrow(CheckpointError);
  expect(() => load(folder)).toThrow(message);
  expect(load(folder, { dtype: "bf16" }).audit.missing).toEqual([]);
  limit(3 * MEGABYTE);
  expect(() => load(folder, { dtype: "bf16" })).toThrow(message);
  expect(load(folder, { dtype: "int8" }).audit.missing).toEqual([]);
  limit(20 * MEGABYTE);
  expect(load(folder).audit.missing).toEqual([]);
  vi.stubEnv("CLOZE_MEMORY_LIMIT", "8G");
  expect(() => load(folder)).toThrow(new InputError('CLOZE_MEMORY_LIMIT is "8G"; expected a number of bytes above 0.'));
});

test("more than the machine has, and more than WebAssembly reaches", async () => {
  const all = memoryLimit();
  expect(all).toBeGreaterThan(2 ** 28);
  const check = (bytes: number) => () =>
    checkWeightMemory([{ name: "table", shape: [Math.ceil(bytes / 64), 16] }], {
      ...{ name: "vast", backend: new ReferenceBackend(), dtype: "f32" },
    });
  check(0.99 * all)();
  expect(check(1.01 * all)).toThrow(
    /^Checkpoint "vast": its weights need \d+ MiB of memory; this process may take \d+ MiB\./,
  );
  const wasm = await WasmBackend.create({ threads: 1 });
  onTestFinished(() => wasm.close());
  vi.stubEnv("CLOZE_MEMORY_LIMIT", String(2 ** 40));
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(() => load(vastModel(45_000_000), { backend: wasm })).toThrow(
    "its weights need 4120 MiB of memory; WebAssembly has at most 4096 MiB.",
  );
});

test("inspect tells it as the reason why a checkpoint does not load", () => {
  vi.stubEnv("CLOZE_MEMORY_LIMIT", "1000");
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(describeCheckpoint(Checkpoint.open(tinyModel())).problem).toMatch(/its weights need \d+ MiB of memory/);
});

import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createBackend } from "../../src/backends/choose.ts";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { writeSafetensors } from "../../src/checkpoints/safetensors-write.ts";
import { memoryTensor } from "../../src/checkpoints/stored-types.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { pack } from "../../src/models/packed-batch.ts";
import { Embedder } from "../../src/tasks/embedder.ts";
import { largestDifference } from "../support/largest-difference.ts";
import { describeShared, sharedPath } from "../support/shared.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Repositories whose encoder is the same; they differ in what stands after it. */
const MODES = ["cls", "max", "mean-sqrt", "weighted-mean", "last-token"];
const SIZE = 24;

interface Expected {
  readonly texts: string[];
  readonly embeddings: number[][];
}

function expectedOf(name: string): Expected {
  return JSON.parse(readFileSync(sharedPath("goldens/sentences", name, "expected.json"), "utf8")) as Expected;
}

type Json = { readonly [key: string]: unknown };
type Module = { readonly type: string; readonly config?: Json; readonly weights?: { [name: string]: number[][] } };

/** A repository with the encoder of the goldens and these modules after it. */
function repository(modules: readonly Module[]): string {
  const folder = temporaryFolder();
  cpSync(sharedPath("goldens/sentences/cls"), folder, {
    recursive: true,
    filter: (name) => !name.includes("_Pooling"),
  });
  const entries = modules.map(({ type }, i) => ({
    idx: i + 1,
    name: String(i + 1),
    path: `${i + 1}_${type}`,
    type: `sentence_transformers.models.${type}`,
  }));
  const encoder = { idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" };
  writeFileSync(join(folder, "modules.json"), JSON.stringify([encoder, ...entries]));
  modules.forEach(({ type, config = {}, weights }, i) => {
    const own = join(folder, `${i + 1}_${type}`);
    mkdirSync(own);
    writeFileSync(join(own, "config.json"), JSON.stringify(config));
    const tensors = Object.entries(weights ?? {}).map(([name, rows]) => {
      const shape = name.endsWith("norm.weight") || name.endsWith("bias") ? [rows.flat().length] : [rows.length, SIZE];
      return memoryTensor(name, shape, Float32Array.from(rows.flat()));
    });
    if (weights !== undefined) writeSafetensors(join(own, "model.safetensors"), tensors);
  });
  return folder;
}

function pooling(pooling_mode: string | string[], rest: Json = {}): Module {
  return { type: "Pooling", config: { embedding_dimension: SIZE, pooling_mode, ...rest } };
}

const backend = await createBackend("reference");
const load = (modules: readonly Module[]) => Embedder.load(repository(modules), { backend });

describeShared("modules after the encoder", "goldens/sentences", () => {
  const { texts } = expectedOf("cls");
  const cls = expectedOf("cls").embeddings;

  it("puts several poolings side by side", async () => {
    const names = ["cls", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"];
    const embedder = await load([pooling(names)]);
    const all = MODES.map((name) => expectedOf(name).embeddings);
    const expected = texts.map((_, i) => all.flatMap((embeddings) => embeddings[i] as number[]));
    expect(embedder.dimensions).toBe(SIZE * names.length);
    expect(largestDifference(await embedder.embed(texts), expected)).toBeLessThan(1e-5);
  });

  it("leaves the prompt's tokens out where the repository says so", async () => {
    const embedder = await load([pooling("mean", { include_prompt: false })]);
    const { model } = loadModel(Checkpoint.open(sharedPath("goldens/sentences/cls")), { head: "base", backend });
    const promptText = "a man in the snow: ";
    const prompt = embedder.tokenizer.encode(promptText).ids;
    const encodings = texts.map((text) => embedder.tokenizer.encode(promptText + text, { maxLength: 48 }));
    const { hidden } = await model.run(pack(encodings), ["hidden"]);
    let start = 0;
    const expected = encodings.map(({ ids }) => {
      const rows = Array.from({ length: ids.length }, (_, t) => (hidden as Float32Array).subarray((start + t) * SIZE));
      start += ids.length;
      return mean(rows.slice(prompt.length - 1)); // [CLS] and the prompt are left out, [SEP] stays
    });
    expect(largestDifference(await embedder.embed(texts, { promptText }), expected)).toBeLessThan(1e-5);
    const without = await embedder.embed(texts);
    expect(largestDifference(without, await (await load([pooling("mean")])).embed(texts))).toBe(0);
  });

  it("adds the residual of a dense layer, projected where sizes differ", async () => {
    const weight = matrix(8);
    const residual = matrix(8, 0.3);
    const config = { in_features: SIZE, out_features: 8, bias: false, use_residual: true };
    const activation_function = "torch.nn.modules.activation.ReLU";
    const dense = { type: "Dense", config: { ...config, activation_function } };
    const embedder = await load([
      pooling("cls"),
      { ...dense, weights: { "linear.weight": weight, "residual.weight": residual } },
    ]);
    const expected = cls.map((x) => weight.map((row, i) => Math.max(0, dot(row, x)) + dot(residual[i] as number[], x)));
    expect(largestDifference(await embedder.embed(texts), expected)).toBeLessThan(1e-5);
  });

  it("normalizes by a layer norm", async () => {
    const [weight, bias] = matrix(2) as [number[], number[]];
    const norm = { type: "LayerNorm", config: { dimension: SIZE } };
    const embedder = await load([
      pooling("cls"),
      { ...norm, weights: { "norm.weight": [weight], "norm.bias": [bias] } },
    ]);
    const expected = cls.map((x) => {
      const average = x.reduce((a, b) => a + b) / SIZE;
      const deviation = Math.sqrt(x.reduce((sum, v) => sum + (v - average) ** 2, 0) / SIZE + 1e-5);
      return x.map((v, i) => ((v - average) / deviation) * (weight[i] as number) + (bias[i] as number));
    });
    expect(largestDifference(await embedder.embed(texts), expected)).toBeLessThan(1e-5);
  });

  it("says which module lacks a weight or does not fit", async () => {
    const config = { in_features: SIZE, out_features: 8, bias: false };
    const dense = { type: "Dense", config, weights: { "linear.weight": matrix(9) } };
    await expect(load([pooling("cls"), dense])).rejects.toThrow(
      `Module 2 of modules.json: "linear.weight" is [9,${SIZE}], expected [8,${SIZE}].`,
    );
    await expect(load([pooling("cls"), { ...dense, config: { ...config, bias: true } }])).rejects.toThrow(
      /Module 2 of modules.json/,
    );
    await expect(load([pooling(["cls", "mean"]), dense])).rejects.toThrow(
      "Module 2 of modules.json (dense) reads vectors of 24; it gets 48.",
    );
  });
});

/** Rows of numbers between -1 and 1, always the same. */
function matrix(rows: number, phase = 0): number[][] {
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: SIZE }, (_, j) => Math.fround(Math.sin(1 + i * SIZE + j + phase))),
  );
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}

function mean(rows: readonly Float32Array[]): number[] {
  return Array.from({ length: SIZE }, (_, i) => rows.reduce((sum, row) => sum + (row[i] as number), 0) / rows.length);
}

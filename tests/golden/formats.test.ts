import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ReferenceBackend } from "../../src/backends/reference/reference.ts";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { Safetensors } from "../../src/checkpoints/safetensors.ts";
import { fromFloat32, tensorValues } from "../../src/checkpoints/stored-types.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { verifyRecorded } from "../../src/models/verify-recorded.ts";
import { describeShared, sharedPath } from "../support/shared.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** The checkpoint that every folder of `formats` holds, in one of the ways that it is found in the wild. */
const ORIGINAL = "goldens/models/bert/a/mlm";
/** Weights rounded to 8 or 11 bits of mantissa move the logits by about half of this, relative to the largest. */
const PRECISION: { readonly [format: string]: number } = { bf16: 1e-2, f16: 1e-3 };

describeShared("one checkpoint in many formats", "goldens/formats", (folder) => {
  const scheme = {
    prefix: "bert.",
    heads: ["cls.**"],
    tied: {
      "cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight",
      "cls.predictions.decoder.bias": "cls.predictions.bias",
    },
  };
  const original = Checkpoint.open(sharedPath(ORIGINAL));

  it.each(["legacy-names", "tied-weight-present", "bf16", "f16", "sharded", "pytorch-bin"])(
    "%s: the same weights",
    (name) => {
      const weights = Checkpoint.open(join(folder, name)).weights(scheme);
      const { used, unknown } = weights.check(original.list());
      expect([used.length, unknown]).toEqual([original.list().length, []]);
      for (const { name: tensor } of original.list()) {
        const expected = tensorValues(original.tensor(tensor));
        const type = name === "bf16" ? "BF16" : name === "f16" ? "F16" : "F32";
        expect(Buffer.from(weights.tensor(tensor).read())).toEqual(Buffer.from(fromFloat32(type, expected)));
      }
    },
  );

  it("base-without-prefix: the encoder's weights", () => {
    const weights = Checkpoint.open(join(folder, "base-without-prefix")).weights(scheme);
    const encoder = original.list().filter(({ name }) => name.startsWith("bert."));
    expect(weights.check(encoder).used).toHaveLength(encoder.length);
    for (const { name } of encoder) expect(weights.tensor(name).read()).toEqual(original.tensor(name).read());
    expect(() => weights.check(original.list())).toThrow('5 weights missing: "cls.predictions.bias" [67]');
  });

  it.each(["legacy-names", "tied-weight-present", "bf16", "f16", "sharded", "pytorch-bin"])(
    "%s: the same logits",
    async (name) => {
      const recorded = Safetensors.open(join(sharedPath(ORIGINAL), "expected.safetensors"));
      const { model } = loadModel(Checkpoint.open(join(folder, name)), { backend: new ReferenceBackend() });
      const { checks } = await verifyRecorded(model, recorded, { tolerance: PRECISION[name] });
      expect(checks.map(({ name: output }) => output)).toContain("logits");
      for (const { cosine } of checks) expect(cosine).toBeGreaterThan(0.9999);
      expect(checks.filter(({ passed }) => !passed).map(({ values: _, ...check }) => check)).toEqual([]);
    },
  );

  it.each(["legacy-names", "tied-weight-present", "bf16", "f16", "sharded", "base-without-prefix"])(
    "%s: saved with the same bytes, opened under canonical names or not",
    (name) => {
      const checkpoint = Checkpoint.open(join(folder, name));
      const target = join(temporaryFolder(), "saved");
      const weights = checkpoint.weights(scheme);
      const values = original
        .list()
        .filter((tensor) => weights.has(tensor.name))
        .map((tensor) => weights.tensor(tensor.name));
      checkpoint.save(target, { tensors: weights.inFileForm(values) });
      for (const file of checkpoint.weightFiles) {
        expect(readFileSync(join(target, file.name))).toEqual(readFileSync(join(folder, name, file.name)));
      }
      expect(readFileSync(join(target, "config.json"))).toEqual(readFileSync(join(folder, name, "config.json")));
    },
  );

  describe("what must be refused", () => {
    it.each([
      ["header-too-long", "says that its header has 4611686018427387904 bytes, but only 53916 follow"],
      ["truncated", "holds 22490 bytes of data; its header describes 49452"],
      [
        "pickle-with-code",
        'it asks for "__builtin__.print", and only tensors and containers are read; nothing was run',
      ],
      ["missing-tensor", '1 weight missing: "bert.encoder.layer.1.attention.self.query.weight" [24,24]'],
      ["wrong-shape", '"bert.encoder.layer.0.intermediate.dense.weight" is [7,24], expected [40,24]'],
      ["unknown-activation", 'config.json: hidden_act is "quick_gelu_typo"; known: "gelu", '],
      ["unknown-model-type", 'config.json: model_type is "bart"'],
    ])("%s", (name, message) => {
      const load = () => loadModel(Checkpoint.open(join(folder, "refuse", name)), { backend: new ReferenceBackend() });
      expect(load).toThrow(message);
    });
  });
});

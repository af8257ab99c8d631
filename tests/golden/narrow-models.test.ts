import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { Safetensors } from "../../src/checkpoints/safetensors.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { ARCHITECTURES } from "../../src/models/registry.ts";
import { verifyRecorded } from "../../src/models/verify-recorded.ts";
import { describeBackends } from "../support/each-backend.ts";
import { describeShared, hasShared, sharedPath } from "../support/shared.ts";

const MODELS = "goldens/models";
const LEAST_COSINE = { bf16: 0.9995, int8: 0.995 } as const;
/**
 * Recorded models are 16 to 64 numbers wide, where one rounding weighs more than in a real one. Two heads of this
 * pre-norm model have logits of a few numbers that nearly cancel.
 */
const COARSE: { readonly [path: string]: { readonly bf16: number; readonly int8: number } } = {
  "roberta-prelayernorm/a/choice": { bf16: 0.99, int8: 0.96 },
  "roberta-prelayernorm/a/sequence": { bf16: 0.999, int8: 0.995 },
};

function recordedCases(): string[] {
  const known = new Set(ARCHITECTURES.map(({ name }) => name));
  const families = readdirSync(sharedPath(MODELS)).filter((family) => known.has(family));
  const inFolder = (path: string) => readdirSync(sharedPath(MODELS, path)).map((name) => `${path}/${name}`);
  return families.flatMap(inFolder).flatMap(inFolder);
}

if (hasShared(MODELS)) {
  await describeBackends(
    "recorded outputs",
    (backend) => {
      const cases = (["bf16", "int8"] as const).flatMap((dtype) => recordedCases().map((path) => ({ dtype, path })));
      it.each(cases)("$path in $dtype", async ({ dtype, path }) => {
        const folder = sharedPath(MODELS, path);
        const recorded = Safetensors.open(`${folder}/expected.safetensors`);
        const { model } = loadModel(Checkpoint.open(folder), { backend, dtype });
        try {
          const { checks } = await verifyRecorded(model, recorded);
          const low = checks.filter(({ cosine }) => !(cosine >= (COARSE[path] ?? LEAST_COSINE)[dtype]));
          expect(low.map(({ name, shape, cosine }) => ({ name, shape, cosine }))).toEqual([]);
        } finally {
          model.close();
        }
      });
    },
    ["native"],
  );
} else {
  describeShared("recorded outputs", MODELS, () => undefined);
}

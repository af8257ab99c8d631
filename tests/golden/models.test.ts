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

/** "bert/a/mlm", ... of every family that the registry knows; a new architecture is tested by being listed there. */
function recordedCases(): string[] {
  const known = new Set(ARCHITECTURES.map(({ name }) => name));
  const families = readdirSync(sharedPath(MODELS)).filter((family) => known.has(family));
  const inFolder = (path: string) => readdirSync(sharedPath(MODELS, path)).map((name) => `${path}/${name}`);
  return families.flatMap(inFolder).flatMap(inFolder);
}

if (hasShared(MODELS)) {
  await describeBackends("recorded outputs", (backend) => {
    it.each(recordedCases())("%s", async (path) => {
      const folder = sharedPath(MODELS, path);
      const recorded = Safetensors.open(`${folder}/expected.safetensors`);
      const { model } = loadModel(Checkpoint.open(folder), { backend });
      try {
        const { checks } = await verifyRecorded(model, recorded);
        expect(checks.filter(({ passed }) => !passed).map(({ values: _, ...check }) => check)).toEqual([]);
      } finally {
        model.close();
      }
    });
  });
} else {
  describeShared("recorded outputs", MODELS, () => undefined);
}

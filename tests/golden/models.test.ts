import { readdirSync } from "node:fs";
import { afterAll, expect, it } from "vitest";
import type { Backend, BackendName } from "../../src/backends/backend.ts";
import { BACKEND_NAMES, createBackend } from "../../src/backends/choose.ts";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { Safetensors } from "../../src/checkpoints/safetensors.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { ARCHITECTURES } from "../../src/models/registry.ts";
import { verifyRecorded } from "../../src/models/verify-recorded.ts";
import { describeIf, hasShared, sharedPath } from "../support/shared.ts";

const MODELS = "goldens/models";

/** "bert/a/mlm", ... of every family that the registry knows; a new architecture is tested by being listed there. */
function recordedCases(): string[] {
  const known = new Set(ARCHITECTURES.map(({ name }) => name));
  const families = readdirSync(sharedPath(MODELS)).filter((family) => known.has(family));
  const inFolder = (path: string) => readdirSync(sharedPath(MODELS, path)).map((name) => `${path}/${name}`);
  return families.flatMap(inFolder).flatMap(inFolder);
}

const backends = new Map<BackendName, Backend | string>();
for (const name of BACKEND_NAMES) {
  backends.set(name, await createBackend(name, { threads: 2 }).catch((error: Error) => error.message));
}
afterAll(async () => {
  for (const backend of backends.values()) if (typeof backend !== "string") await backend.close();
});

for (const [name, backend] of backends) {
  const missing = hasShared(MODELS) ? undefined : `${MODELS} is not in the shared folder (set CLOZE_SHARED)`;
  const reason = typeof backend === "string" ? `not on this machine: ${backend}` : missing;
  describeIf(`recorded outputs on ${name}`, reason, () => {
    it.each(recordedCases())("%s", async (path) => {
      const folder = sharedPath(MODELS, path);
      const recorded = Safetensors.open(`${folder}/expected.safetensors`);
      const { model } = loadModel(Checkpoint.open(folder), { backend: backend as Backend });
      try {
        const { checks } = await verifyRecorded(model, recorded);
        expect(checks.filter(({ passed }) => !passed).map(({ values: _, ...check }) => check)).toEqual([]);
      } finally {
        model.close();
      }
    });
  });
}

import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { Safetensors } from "../../src/checkpoints/safetensors.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { verifyRecorded } from "../../src/models/verify-recorded.ts";
import { describeBackends } from "../support/each-backend.ts";

/**
 * Committed recordings (see NOTICE): one case each of four families, so that a clone checks the mathematics with nothing
 * beside it, and every case of the three that the reference library lacks.
 */
const root = fileURLToPath(new URL("fixtures", import.meta.url));
const recordings = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith("expected.safetensors"))
  .map(dirname);

await describeBackends("committed recordings", (backend) => {
  it.each(recordings)("%s", async (path) => {
    const { model } = loadModel(Checkpoint.open(join(root, path)), { backend });
    try {
      const { checks } = await verifyRecorded(model, Safetensors.open(join(root, path, "expected.safetensors")));
      expect(checks.length).toBeGreaterThan(0);
      expect(checks.filter(({ passed }) => !passed).map(({ values: _, ...check }) => check)).toEqual([]);
    } finally {
      model.close();
    }
  });
});

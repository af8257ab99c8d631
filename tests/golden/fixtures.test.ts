import { expect, it } from "vitest";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { Safetensors } from "../../src/checkpoints/safetensors.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { verifyRecorded } from "../../src/models/verify-recorded.ts";
import { describeBackends } from "../support/each-backend.ts";

/** One recorded case each, committed (see NOTICE), so that a clone checks the mathematics with nothing beside it. */
const FAMILIES = ["bert", "roberta", "albert", "ernie"];

await describeBackends("committed recordings", (backend) => {
  it.each(FAMILIES)("%s", async (family) => {
    const folder = new URL(`fixtures/${family}/`, import.meta.url).pathname;
    const { model } = loadModel(Checkpoint.open(folder), { backend });
    try {
      const { checks } = await verifyRecorded(model, Safetensors.open(`${folder}expected.safetensors`));
      expect(checks.length).toBeGreaterThan(0);
      expect(checks.filter(({ passed }) => !passed).map(({ values: _, ...check }) => check)).toEqual([]);
    } finally {
      model.close();
    }
  });
});

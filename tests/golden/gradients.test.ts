import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { Safetensors } from "../../src/checkpoints/safetensors.ts";
import { verifyGradients } from "../../src/training/verify-gradients.ts";
import { describeBackends } from "../support/each-backend.ts";
import { describeShared, hasShared, sharedPath } from "../support/shared.ts";

const MODELS = "goldens/models";

if (hasShared(MODELS)) {
  const root = sharedPath(MODELS);
  const folders = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => /\/(?:base|mlm|pretraining|sequence)\/expected\.safetensors$/.test(file))
    .map(dirname)
    .sort();
  // The reference takes 40 s for all; where it is itself what others are held to, small ones are enough.
  const isSmall = (folder: string) => /^(?:bert|albert|roberta|ernie|deberta-v2|modernbert)\/a\//.test(folder);
  await describeBackends("gradients of recorded checkpoints", (backend) => {
    const chosen = backend.info.name === "reference" ? folders.filter(isSmall) : folders;
    it.each(chosen)("%s", async (folder) => {
      const checkpoint = Checkpoint.open(join(root, folder));
      const recorded = Safetensors.open(join(root, folder, "expected.safetensors"));
      const checks = await verifyGradients(checkpoint, recorded, { backend });
      expect(checks.length).toBeGreaterThan(5);
      expect(
        checks.filter(({ passed }) => !passed).map(({ name, difference, allowed }) => ({ name, difference, allowed })),
      ).toEqual([]);
    });
  });
} else {
  describeShared("gradients of recorded checkpoints", MODELS, () => undefined);
}

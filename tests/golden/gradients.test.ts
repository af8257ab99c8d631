import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { ReferenceBackend } from "../../src/backends/reference/reference.ts";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { Safetensors } from "../../src/checkpoints/safetensors.ts";
import { verifyGradients } from "../../src/training/verify-gradients.ts";
import { describeShared } from "../support/shared.ts";

describeShared("gradients of every recorded checkpoint", "goldens/models", (root) => {
  const folders = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => /\/(?:base|mlm|pretraining|sequence)\/expected\.safetensors$/.test(file))
    .map(dirname)
    .sort();
  it.each(folders)("%s", async (folder) => {
    const checkpoint = Checkpoint.open(join(root, folder));
    const recorded = Safetensors.open(join(root, folder, "expected.safetensors"));
    const checks = await verifyGradients(checkpoint, recorded, { backend: new ReferenceBackend() });
    expect(checks.length).toBeGreaterThan(5);
    expect(
      checks.filter(({ passed }) => !passed).map(({ name, difference, allowed }) => ({ name, difference, allowed })),
    ).toEqual([]);
  });
});

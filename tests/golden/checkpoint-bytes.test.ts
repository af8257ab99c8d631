import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { Safetensors } from "../../src/checkpoints/safetensors.ts";
import { safetensorsChunks } from "../../src/checkpoints/safetensors-write.ts";
import { configure } from "../../src/models/load-model.ts";
import { ARCHITECTURES } from "../../src/models/registry.ts";
import { describeShared } from "../support/shared.ts";

/** Every folder of `goldens/models` as "family/case/head". */
function cases(root: string): string[] {
  const folders = readdirSync(root, { recursive: true, encoding: "utf8" });
  return folders
    .filter((path) => path.endsWith("model.safetensors"))
    .map((path) => path.replace(/.model\.safetensors$/, ""));
}

describeShared("checkpoints keep their bytes", "goldens/models", (root) => {
  it.each(cases(root))("%s", (path) => {
    for (const name of ["model.safetensors", "expected.safetensors"]) {
      const file = Safetensors.open(join(root, path, name));
      const tensors = file.list().map((tensor) => file.tensor(tensor.name));
      const written = Buffer.concat([...safetensorsChunks(tensors, { metadata: file.metadata ?? new Map() })]);
      // Compared whole: printing two files tensor by tensor would say no more.
      expect(written.equals(readFileSync(join(root, path, name))), name).toBe(true);
    }
  });

  const known = new Set(ARCHITECTURES.map(({ name }) => name));
  it.each(cases(root).filter((path) => known.has(path.split("/")[0]!)))("%s through canonical names", (path) => {
    const checkpoint = Checkpoint.open(join(root, path));
    const weights = checkpoint.weights(configure(checkpoint).names);
    const tensors = weights.inFileForm(weights.canonicalNames().map((name) => weights.tensor(name)));
    const { metadata } = checkpoint.weightFiles[0]!;
    const written = Buffer.concat([...safetensorsChunks(tensors, { metadata: metadata ?? new Map() })]);
    expect(written.equals(readFileSync(join(root, path, "model.safetensors")))).toBe(true);
  });
});

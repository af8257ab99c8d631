import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Backend } from "../../src/backends/backend.ts";
import { ReferenceBackend } from "../../src/backends/reference/reference.ts";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { Safetensors } from "../../src/checkpoints/safetensors.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { verifyRecorded } from "../../src/models/verify-recorded.ts";
import { quantize } from "../../src/tasks/quantize.ts";
import { largestDifference } from "../support/largest-difference.ts";
import { jsonLines, runCli } from "../support/run-cli.ts";
import { describeShared } from "../support/shared.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A plain one, fused projections, rotary ones, convolutions, tied and shared weights. */
const MODELS = ["bert/a/mlm", "deberta/a/mlm", "esm/a/mlm", "squeezebert/a/mlm", "albert/a/mlm", "mpnet/a/mlm"];

describeShared("quantize", "goldens/models", (models) => {
  let backend: Backend;
  beforeAll(() => {
    backend = new ReferenceBackend();
  });
  afterAll(() => backend.close());

  const outputsOf = async (where: string, source: string, dtype?: "bf16" | "int8") => {
    const { model } = loadModel(Checkpoint.open(where), { backend, dtype });
    const { checks } = await verifyRecorded(model, Safetensors.open(join(models, source, "expected.safetensors")));
    return checks.map(({ values }) => values as Float32Array);
  };

  it.each(MODELS.flatMap((path) => (["bf16", "int8"] as const).map((dtype) => ({ path, dtype }))))(
    "$path in $dtype opens as the original does in that dtype",
    async ({ path, dtype }) => {
      const output = join(temporaryFolder(), `${path.replaceAll("/", "-")}-${dtype}`);
      const { tensors, bytesBefore, bytesAfter } = await quantize(join(models, path), output, { dtype });
      expect(tensors).toBeGreaterThan(2);
      expect(bytesAfter).toBeLessThan(0.8 * bytesBefore);
      const expected = await outputsOf(join(models, path), path, dtype);
      expect(largestDifference(await outputsOf(output, path), expected)).toBeLessThan(1e-6);
    },
  );

  it("keeps wider what drifts most, and says how far the result is", async () => {
    const tagger = join(models, "../pipelines/tagger");
    const output = join(temporaryFolder(), "calibrated");
    const rows = ["a man in Zürich", "the cat", "a dog and a cat"].map((text, i) => ({
      text,
      pair: "a cat",
      score: i,
    }));
    const report = await quantize(tagger, output, { calibration: rows, backend });
    expect(report.cosineAfter).toBeGreaterThanOrEqual(report.cosineBefore as number);
    expect(report.scoreAfter).toBeLessThanOrEqual(1);
    for (const { names } of report.kept ?? []) {
      const weights = Checkpoint.open(output);
      const types = names.map((name) => weights.list().find((it) => it.name.endsWith(name))?.type);
      expect(new Set(types)).toEqual(new Set(["BF16"]));
    }
  });

  it("is a command that prints its report", async () => {
    const output = join(temporaryFolder(), "by-command");
    const argv = ["quantize", join(models, "bert/a/mlm"), "--output", output, "--dtype", "bf16", "--json"];
    const { exitCode, stdout } = await runCli(argv);
    expect(exitCode).toBe(0);
    expect(jsonLines(stdout)).toEqual([expect.objectContaining({ output, dtype: "bf16" })]);
    const config = JSON.parse(readFileSync(join(output, "config.json"), "utf8"));
    expect(config.quantization_config).toEqual({ quant_method: "cloze", dtype: "bf16" });
    const again = await runCli(["quantize", output, "--output", join(temporaryFolder(), "again")]);
    expect(again).toMatchObject({ exitCode: 2, stdout: "" });
    expect(again.stderr).toContain("is quantized to bf16 already");
    expect((await runCli(["quantize", output])).stderr).toContain("pass --output FOLDER");
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { Safetensors } from "../../src/checkpoints/safetensors.ts";
import { tensorValues } from "../../src/checkpoints/stored-types.ts";
import { configure, headOf } from "../../src/models/load-model.ts";
import { readRecordedBatch } from "../../src/models/recorded-batch.ts";
import { recordedLoss } from "../../src/training/losses/recorded-loss.ts";
import { TrainableModel } from "../../src/training/trainable-model.ts";
import { describeBackends } from "../support/each-backend.ts";
import { describeShared, hasShared, sharedPath } from "../support/shared.ts";

interface RecordedStep {
  readonly step: number;
  readonly learning_rate: number;
  readonly loss: number;
  readonly gradient_norm: number;
}

/** Of the recorded runs (make_training.py): AdamW as PyTorch's, decay 0.01 on matrices, clipped to a norm of 1. */
const CLIP = 1;
const OF_LOSSES = 1e-3;
const OF_WEIGHTS = 1e-4;
/**
 * Biases of attention's keys have a true gradient of zero; what moves them is rounding, which Adam scales up to whole
 * steps. So it is with single numbers whose recorded first gradient is no more than rounding of the largest.
 */
const OF_NOISE = 1e-3;
const KEY_BIAS = /(?:key|key_proj|k_lin|attn\.k)\.bias$/;
const NOISE = 1e-6;

const RUNS = "goldens/training";

if (hasShared(RUNS)) {
  const root = sharedPath(RUNS);
  const folders = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith("/run.json"))
    .map(dirname)
    .sort();
  await describeBackends("eight steps of recorded training", (backend) => {
    it.each(folders)("%s", async (folder) => {
      const steps = JSON.parse(readFileSync(join(root, folder, "run.json"), "utf8")) as RecordedStep[];
      const source = sharedPath("goldens/models", folder);
      const checkpoint = Checkpoint.open(source);
      const architecture = configure(checkpoint);
      const weights = checkpoint.weights(architecture.names);
      const recorded = Safetensors.open(join(source, "expected.safetensors"));
      const batch = readRecordedBatch(recorded, "expected.safetensors");
      const { build, inputs } = recordedLoss(recorded, batch, "expected.safetensors");
      const model = new TrainableModel({
        architecture,
        head: headOf(architecture),
        backend,
        tensors: (name) => weights.tensor(name),
        losses: build,
      });
      for (const { step, learning_rate: learningRate, loss, gradient_norm: expectedNorm } of steps) {
        const losses = await model.accumulate({ ...batch.batch, extra: inputs });
        const total = Object.values(losses).reduce((sum, each) => sum + each, 0);
        expect(Math.abs(total - loss) / loss, `loss of step ${step}`).toBeLessThan(OF_LOSSES);
        const norm = await model.gradientNorm();
        expect(Math.abs(norm - expectedNorm) / expectedNorm, `norm of step ${step}`).toBeLessThan(OF_LOSSES);
        await model.update({ learningRate, scale: Math.min(1, CLIP / (norm + 1e-6)), step: step + 1 });
      }
      const own = new Map(weights.inFileForm(await model.tensors()).map((tensor) => [tensor.name, tensor]));
      const final = Safetensors.open(join(root, folder, "final.safetensors"));
      const first = (name: string) =>
        recorded.has(`gradient.${name}`) ? tensorValues(recorded.tensor(`gradient.${name}`)) : undefined;
      const gradients = final.list().flatMap(({ name }) => [...(first(name) ?? [])]);
      const noise = NOISE * gradients.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      for (const { name } of final.list()) {
        const values = tensorValues(own.get(name)!);
        const gradient = first(name);
        tensorValues(final.tensor(name)).forEach((expected, i) => {
          const isNoise = KEY_BIAS.test(name) || (gradient !== undefined && Math.abs(gradient[i]!) <= noise);
          const difference = Math.abs(expected - values[i]!);
          if (difference > (isNoise ? OF_NOISE : OF_WEIGHTS)) expect({ name, i, difference }).toBe("in tolerance");
        });
      }
    });
  });
} else {
  describeShared("eight steps of recorded training", RUNS, () => undefined);
}

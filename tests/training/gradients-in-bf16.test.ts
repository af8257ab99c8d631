import { expect, test } from "vitest";
import { createBackend } from "../../src/backends/choose.ts";
import { seedOf } from "../../src/backends/random.ts";
import { tensorValues } from "../../src/checkpoints/stored-types.ts";
import { Graph } from "../../src/engine/graph.ts";
import { freshWeights } from "../../src/models/fresh-weights.ts";
import { buildModelGraph } from "../../src/models/model-graph.ts";
import { pack } from "../../src/models/packed-batch.ts";
import { findArchitecture } from "../../src/models/registry.ts";
import { labelLoss } from "../../src/training/losses/target-losses.ts";
import { TrainableModel, type TrainableOptions } from "../../src/training/trainable-model.ts";
import { describeBackends } from "../support/each-backend.ts";

const CONFIG = {
  model_type: "bert",
  vocab_size: 67,
  hidden_size: 36,
  num_hidden_layers: 3,
  num_attention_heads: 3,
  intermediate_size: 70,
  max_position_embeddings: 64,
  type_vocab_size: 2,
  num_labels: 3,
};
const NONE: ReadonlySet<string> = new Set();
const LENGTHS = [40, 1, 33, 17, 64, 50, 64];
const BATCH = {
  ...pack(LENGTHS.map((length, text) => ({ ids: Array.from({ length }, (_, i) => (7 * i + text) % 67) }))),
  extra: {
    seed: Int32Array.of(7),
    labelLabels: Int32Array.from(LENGTHS, (_, text) => text % 3),
    labelWeights: Float32Array.from(LENGTHS, () => 1 / LENGTHS.length),
  },
};

/** All gradients of one batch, and the loss. */
async function gradients(backend: TrainableOptions["backend"], options: Partial<TrainableOptions>): Promise<number[]> {
  const architecture = findArchitecture(CONFIG, NONE).configure(CONFIG, NONE);
  const shape = { architecture, head: "sequence" } as const;
  const graph = new Graph();
  buildModelGraph(graph, shape);
  const tensors = freshWeights(graph, seedOf(1, "weights"));
  const losses: TrainableOptions["losses"] = ({ outputs }) => [labelLoss("label", outputs.logits!)];
  const model = new TrainableModel({ ...shape, backend, tensors, losses, dropout: 0.1, ...options });
  try {
    const { label } = await model.accumulate(BATCH);
    return [label!, ...(await model.gradients()).flatMap((tensor) => [...tensorValues(tensor)])];
  } finally {
    model.close();
  }
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, each, i) => sum + each * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

await describeBackends("gradients", (backend) => {
  test.each(["f32", "bf16"] as const)("in %s, what is computed again has the same bits", async (dtype) => {
    expect(await gradients(backend, { dtype, recompute: true })).toEqual(await gradients(backend, { dtype }));
  });

  test("in bf16 point where those in f32 do, but are not the same", async () => {
    const [exact, rounded] = [await gradients(backend, {}), await gradients(backend, { dtype: "bf16" })];
    expect(cosine(exact, rounded)).toBeGreaterThan(0.9995);
    expect(rounded).not.toEqual(exact);
  });
});

test("gradients in bf16 are the same bits with one thread and two", async () => {
  const of = async (threads: number) => {
    const backend = await createBackend(undefined, { threads });
    const found = await gradients(backend, { dtype: "bf16" });
    await backend.close();
    return found;
  };
  expect(await of(1)).toEqual(await of(2));
});

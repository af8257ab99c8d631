import { expect, test } from "vitest";
import { tinyModel } from "../../../tests/support/run-cli.ts";
import { ReferenceBackend } from "../../backends/reference/reference.ts";
import { tensorValues } from "../../checkpoints/stored-types.ts";
import { TrainableModel } from "../trainable-model.ts";
import { embedTask } from "./embed-task.ts";
import { fillRecipe } from "./recipe.ts";
import { openStartingPoint, prepareHead } from "./starting-point.ts";
import type { Split } from "./training-data.ts";
import { Tuner } from "./tuner.ts";
import type { TuningTask } from "./tuning-task.ts";

const WORDS = ["the bees", "honey", "rain falls", "we all like it", "how is it", "the plain and you"];
const rows = WORDS.map((text, i) => {
  const others = [1, 2, 3].map((k) => `${WORDS[(i + k) % 6]} of a`);
  return { where: `row ${i}`, text, pair: others[0]!, negatives: others.slice(1, 2 + (i % 2)), score: 0 };
});
const train: Split = { name: "rows", input: "triplet", target: "none", statement: "", rows, sources: [] };

/** Loss and gradients of one step of all rows. */
async function step(miniBatchSize: number | undefined) {
  const start = await openStartingPoint(tinyModel(), {});
  const recipe = fillRecipe(
    { miniBatchSize, batchSize: 7, symmetric: true, dimensions: [8], dropout: 0 },
    start.checkpoint.config,
  );
  const task = embedTask({ train, dev: undefined }, start, recipe) as TuningTask;
  const { architecture, tensors } = prepareHead(start, { head: "base", tail: task.tail, config: {}, recipe });
  const backend = new ReferenceBackend();
  const { head, tail, losses } = task;
  const model = new TrainableModel({ architecture, head, tail, losses, backend, tensors });
  const tuner = new Tuner(model, task, { seed: 1, backend });
  const { loss } = await tuner.learn(rows.map((row) => task.example(row)), 0); // biome-ignore format: one
  return { loss, gradients: await model.gradients() };
}

test("a batch that is run two rows at a time has the gradients of the whole, to rounding", async () => {
  const [whole, parts] = [await step(undefined), await step(2)];
  expect(parts.loss).toBeCloseTo(whole.loss, 5);
  expect(whole.gradients.length).toBeGreaterThan(10);
  for (const [i, tensor] of whole.gradients.entries()) {
    const [expected, got] = [tensorValues(tensor), tensorValues(parts.gradients[i]!)];
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const off = expected.reduce((most, value, at) => Math.max(most, Math.abs(value - got[at]!)), 0);
    expect(off, tensor.name).toBeLessThan(1e-5 * largest + 1e-7);
  }
});

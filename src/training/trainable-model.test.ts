import { afterAll, expect, test } from "vitest";
import { seedOf } from "../backends/random.ts";
import { ReferenceBackend } from "../backends/reference/reference.ts";
import { tensorValues } from "../checkpoints/stored-types.ts";
import { Graph } from "../engine/graph.ts";
import { freshWeights } from "../models/fresh-weights.ts";
import { buildModelGraph } from "../models/model-graph.ts";
import { pack } from "../models/packed-batch.ts";
import { findArchitecture } from "../models/registry.ts";
import { labelLoss } from "./losses/target-losses.ts";
import type { OptimizerName } from "./optimizers.ts";
import { TrainableModel, type TrainableOptions } from "./trainable-model.ts";

const CONFIG = {
  model_type: "bert",
  vocab_size: 11,
  hidden_size: 4,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 6,
  max_position_embeddings: 8,
  type_vocab_size: 2,
  num_labels: 3,
};
const NONE: ReadonlySet<string> = new Set();
const backend = new ReferenceBackend();
afterAll(() => backend.close());

function open(options: Partial<TrainableOptions> = {}): TrainableModel {
  const architecture = findArchitecture(CONFIG, NONE).configure(CONFIG, NONE);
  const shape = { architecture, head: "sequence" } as const;
  const graph = new Graph();
  buildModelGraph(graph, shape);
  const tensors = freshWeights(graph, seedOf(1, "weights"));
  const losses: TrainableOptions["losses"] = ({ outputs }) => [labelLoss("label", outputs.logits!)];
  return new TrainableModel({ ...shape, backend, tensors, losses, ...options });
}

const BATCH = {
  ...pack([{ ids: [1, 2, 3] }, { ids: [4, 5, 6, 7] }]),
  extra: { labelLabels: Int32Array.of(0, 2), labelWeights: Float32Array.of(0.5, 0.5) },
};

type Numbers = Map<string, number[]>;

async function numbersOf(tensors: ReturnType<TrainableModel["tensors"]>): Promise<Numbers> {
  return new Map((await tensors).map((tensor) => [tensor.name, [...tensorValues(tensor)]]));
}

const RATE = 0.01;
const DECAY = 0.01;

/** One number after a step, by its kept states; `mean` is Adafactor's estimate of the gradient's square. */
type Rule = (x: number, gradient: number, state: number[], step: number, mean: number) => number;

const RULES: { readonly [N in OptimizerName]: Rule } = {
  adamw(x, gradient, state, step) {
    state[0] = 0.9 * (state[0] ?? 0) + 0.1 * gradient;
    state[1] = 0.999 * (state[1] ?? 0) + 0.001 * gradient ** 2;
    return x - (RATE * (state[0] / (1 - 0.9 ** step))) / (Math.sqrt(state[1] / (1 - 0.999 ** step)) + 1e-8);
  },
  // Of one step alone: moments are the gradient and its square, and no step is longer than the rate.
  "stable-adamw": (x, gradient) => x - (RATE * gradient) / (Math.abs(gradient) + 1e-6),
  lion(x, gradient, state) {
    const moved = Math.sign(0.9 * (state[0] ?? 0) + 0.1 * gradient);
    state[0] = 0.99 * (state[0] ?? 0) + 0.01 * gradient;
    return x - RATE * moved;
  },
  adafactor: (x, gradient, _state, _step, mean) => x - (RATE * gradient) / Math.sqrt(mean),
};

/** Adafactor's estimates after one step: rows' and columns' means of squares over the mean of all. */
function factored(gradient: readonly number[], [rows = 1, columns]: readonly number[]): number[] {
  const squares = gradient.map((x) => x ** 2 + 1e-30);
  if (columns === undefined) return squares;
  const mean = (keep: (at: number) => boolean) => {
    const kept = squares.filter((_, at) => keep(at));
    return kept.reduce((sum, x) => sum + x, 0) / kept.length;
  };
  const all = mean(() => true);
  return squares.map((_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    const ofRow = mean((other) => Math.floor(other / columns) === row);
    return (ofRow * mean((other) => other % columns === column)) / all || 1 / rows;
  });
}

test.each([
  ["adamw", 3],
  ["lion", 3],
  ["stable-adamw", 1],
  ["adafactor", 1],
] as const)("%s: %d steps of the whole model as a few lines in double make them", async (optimizer, steps) => {
  const model = open({ optimizer });
  const shapes = new Map(model.parameters.map(({ name, shape }) => [name, shape]));
  const expected = await numbersOf(model.tensors());
  const states = new Map<string, number[][]>();
  for (let step = 1; step <= steps; step++) {
    await model.accumulate(BATCH);
    const gradients = await numbersOf(model.gradients());
    await model.update({ learningRate: RATE, scale: 0.5, step, weightDecay: DECAY });
    for (const [name, values] of expected) {
      const shape = shapes.get(name)!;
      const kept = 1 - RATE * (shape.length > 1 ? DECAY : 0);
      const gradient = gradients.get(name)!.map((x) => x * 0.5);
      const means = optimizer === "adafactor" ? factored(gradient, shape) : [];
      const root = Math.sqrt(gradient.reduce((sum, x, i) => sum + x ** 2 / (means[i] ?? 1), 0) / gradient.length);
      const state = states.get(name) ?? values.map(() => []);
      states.set(name, state);
      expected.set(
        name,
        values.map((x, i) => {
          const moved = RULES[optimizer](0, gradient[i]!, state[i]!, step, means[i] ?? 1);
          return x * kept + (optimizer === "adafactor" ? moved / Math.max(1, root) : moved);
        }),
      );
    }
  }
  const actual = await numbersOf(model.tensors());
  for (const [name, values] of expected) {
    // Where a gradient is zero but for rounding, as a key bias's, an optimizer scales rounding up to whole steps.
    if (name.endsWith("key.bias")) continue;
    for (const [i, x] of values.entries())
      expect(Math.abs(actual.get(name)![i]! - x), `${name} ${i}`).toBeLessThan(1e-6);
  }
  model.close();
});

test("averages are a few lines in double; measured and given are they, learned from is the model itself", async () => {
  const [model, averaged] = [open(), open({ averageDecay: 0.9 })];
  const expected = await numbersOf(model.tensors());
  for (let step = 1; step <= 12; step++) {
    for (const each of [model, averaged]) {
      await each.accumulate(BATCH);
      await each.update({ learningRate: RATE, scale: 1, step });
    }
    const decay = Math.min(0.9, (1 + step) / (10 + step));
    for (const [name, now] of await numbersOf(model.tensors())) {
      expected.set(
        name,
        expected.get(name)!.map((x, i) => decay * x + (1 - decay) * now[i]!),
      );
    }
  }
  const kept = await numbersOf(averaged.tensors());
  for (const [name, values] of expected) {
    for (const [i, x] of values.entries()) expect(Math.abs(kept.get(name)![i]! - x), `${name} ${i}`).toBeLessThan(1e-6);
  }
  const logits = async (each: TrainableModel, weights?: "learning") =>
    (await each.run(BATCH, ["logits"], { weights })).logits!;
  expect(await logits(averaged, "learning")).toEqual(await logits(model));
  expect(await logits(averaged)).not.toEqual(await logits(model));
  const asKept = open({ tensors: (name) => namedOf(name) });
  const given = await averaged.tensors();
  const namedOf = (name: string) => given.find((tensor) => tensor.name === name)!;
  expect((await asKept.measure(BATCH, ["logits"])).outputs.logits).toEqual(await logits(averaged));
  for (const each of [model, averaged, asKept]) each.close();
});

test.each([
  ["stable-adamw", undefined],
  ["adafactor", 0.99],
  ["lion", 0.9],
] as const)("%s, averages %d: from its state a model goes on with the same bits", async (optimizer, averageDecay) => {
  const options = { optimizer, averageDecay };
  const whole = open(options);
  const step = async (model: TrainableModel, step: number) => {
    await model.accumulate(BATCH);
    await model.update({ learningRate: RATE, scale: 1, step });
  };
  for (const each of [1, 2]) await step(whole, each);
  const resumed = open({ ...options, state: await whole.state() });
  for (const each of [3, 4]) for (const model of [whole, resumed]) await step(model, each);
  expect(await numbersOf(resumed.state())).toEqual(await numbersOf(whole.state()));
  expect(await numbersOf(resumed.tensors())).toEqual(await numbersOf(whole.tensors()));
  for (const each of [whole, resumed]) each.close();
});

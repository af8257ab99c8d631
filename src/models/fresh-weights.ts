import type { TensorSource } from "../backends/backend.ts";
import { gaussian, seedOf } from "../backends/random.ts";
import { elementCount, memoryTensor } from "../checkpoints/stored-types.ts";
import type { Graph } from "../engine/graph.ts";
import type { Initializer } from "../engine/initializer.ts";
import { InputError } from "../errors.ts";

/** Beyond two deviations a truncated normal draws again; draws of one number are this far apart in the stream. */
const DRAWS = 64;

/**
 * Weights for a graph without a checkpoint, by the initializers of its parameters. A tensor's numbers depend on the seed
 * and its name alone, so adding a head changes nothing else.
 *
 * @throws InputError when asked for a tensor that the graph does not have.
 */
export function freshWeights(graph: Graph, seed: number): TensorSource {
  return (name) => {
    const parameter = graph.parameters.find((known) => known.name === name);
    if (parameter === undefined) throw new InputError(`The model has no parameter "${name}".`);
    const { shape, initializer } = parameter;
    const values = new Float32Array(elementCount(shape));
    fill(values, initializer, seedOf(seed, name), shape.at(-1) ?? 1);
    return memoryTensor(name, shape, values);
  };
}

function fill(values: Float32Array, initializer: Initializer, seed: number, columns: number): void {
  switch (initializer.kind) {
    case "constant":
      values.fill(initializer.value);
      return;
    case "normal":
      for (let i = 0; i < values.length; i++) values[i] = initializer.deviation * gaussian(seed, i);
      return;
    case "truncatedNormal":
      for (let i = 0; i < values.length; i++) values[i] = initializer.deviation * truncated(seed, i);
      return;
    case "sinusoids":
      for (let i = 0; i < values.length; i++)
        values[i] = sinusoid(Math.floor(i / columns), i % columns, columns, initializer.theta);
  }
}

function truncated(seed: number, index: number): number {
  for (let draw = 0; draw < DRAWS; draw++) {
    const value = gaussian(seed, index * DRAWS + draw);
    if (Math.abs(value) <= 2) return value;
  }
  return 0;
}

function sinusoid(position: number, column: number, columns: number, theta: number): number {
  const half = columns / 2;
  const angle = position * theta ** ((-2 * (column % half)) / columns);
  return column < half ? Math.sin(angle) : Math.cos(angle);
}

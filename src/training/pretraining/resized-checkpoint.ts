import { seedOf } from "../../backends/random.ts";
import type { JsonObject } from "../../checkpoints/json-files.ts";
import type { Checkpoint } from "../../checkpoints/repository.ts";
import { elementCount, memoryTensor, type StoredTensor, tensorValues } from "../../checkpoints/stored-types.ts";
import { Graph } from "../../engine/graph.ts";
import type { ConfiguredArchitecture, HeadName } from "../../models/architecture.ts";
import { freshWeights } from "../../models/fresh-weights.ts";
import { buildModelGraph } from "../../models/model-graph.ts";
import { findArchitecture } from "../../models/registry.ts";

/** Shapes of parameters by name. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** A parameter before and after. */
export interface ResizedParameter {
  readonly name: string;
  readonly from: readonly number[];
  readonly to: readonly number[];
  values(): Float32Array;
  /** What a model from scratch would have there. */
  fresh(): Float32Array;
}

/** The architecture of a checkpoint under another config. */
export function configuredAs(checkpoint: Checkpoint, config: JsonObject): ConfiguredArchitecture {
  const names = new Set(checkpoint.list().map(({ name }) => name));
  return findArchitecture(config, names).configure(config, names);
}

/** Shapes of the parameters of an encoder and of all its heads. */
export function shapesOf(architecture: ConfiguredArchitecture): Shapes {
  return shapesIn(graphsOf(architecture));
}

function shapesIn(graphs: readonly Graph[]): Shapes {
  return new Map(graphs.flatMap((graph) => graph.parameters.map(({ name, shape }) => [name, shape] as const)));
}

/**
 * A checkpoint under a config with other keys. `rebuild` gives the numbers of the parameters, of any head, that become
 * others; those for which it gives none stay.
 */
export function resizeCheckpoint(
  checkpoint: Checkpoint,
  keys: JsonObject,
  { seed, rebuild }: { readonly seed: number; rebuild(parameter: ResizedParameter): Float32Array | undefined },
): Checkpoint {
  const now = configuredAs(checkpoint, { ...checkpoint.config, ...keys });
  const before = configuredAs(checkpoint, checkpoint.config);
  const weights = checkpoint.weights(before.names);
  const graphs = graphsOf(now);
  const shapes = shapesIn(graphs);
  const changed: StoredTensor[] = [];
  for (const [name, from] of shapesOf(before)) {
    const to = shapes.get(name);
    if (to === undefined || !weights.has(name)) continue;
    const values = () => tensorValues(weights.tensor(name));
    const fresh = () => freshValues(graphs, name, seed);
    const rebuilt = rebuild({ name, from, to, values, fresh });
    if (rebuilt !== undefined) changed.push(memoryTensor(name, to, rebuilt));
  }
  const names = new Set(checkpoint.list().map(({ name }) => name));
  return checkpoint.with(
    keys,
    weights.inFileForm(changed).filter(({ name }) => names.has(name)),
  );
}

/** One with each head. */
function graphsOf(architecture: ConfiguredArchitecture): Graph[] {
  return (Object.keys(architecture.heads) as HeadName[]).map((head) => {
    const graph = new Graph();
    buildModelGraph(graph, { architecture, head });
    return graph;
  });
}

function freshValues(graphs: readonly Graph[], name: string, seed: number): Float32Array {
  const graph = graphs.find(({ parameters }) => parameters.some((parameter) => parameter.name === name));
  return tensorValues(freshWeights(graph!, seedOf(seed, "weights"))(name));
}

/**
 * A tensor with other rows along an axis: each the mean of old ones, or as `fresh` has it where there is none.
 *
 * @param sources old rows of each new one
 */
export function rebuildRows(
  { from, to, values, fresh }: ResizedParameter,
  axis: number,
  sources: readonly (readonly number[])[],
): Float32Array {
  const old = values();
  const rows = fresh();
  const inner = elementCount(from.slice(axis + 1));
  const outer = elementCount(from.slice(0, axis));
  const [fromSize, toSize] = [from[axis]!, to[axis]!];
  for (let block = 0; block < outer; block++) {
    for (const [row, ids] of sources.entries()) {
      if (ids.length === 0) continue;
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        for (const id of ids) sum += old[(block * fromSize + id) * inner + i]!;
        rows[(block * toSize + row) * inner + i] = sum / ids.length;
      }
    }
  }
  return rows;
}

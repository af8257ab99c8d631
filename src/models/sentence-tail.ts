import type { Pooling } from "../backends/op-table.ts";
import { Checkpoint } from "../checkpoints/repository.ts";
import type { PoolingMode, SentenceModule } from "../checkpoints/sentence-modules.ts";
import type { StoredTensor } from "../checkpoints/stored-types.ts";
import type { Graph, Value } from "../engine/graph.ts";
import { concat } from "../engine/ops/columns.ts";
import { linear } from "../engine/ops/linear.ts";
import { layerNorm, normalize } from "../engine/ops/norm.ts";
import { pool } from "../engine/ops/pool.ts";
import { ParameterPath } from "../engine/parameters.ts";
import { CheckpointError, ConfigError } from "../errors.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import type { Tail } from "./model-graph.ts";

/** The input of a program with such modules that says which tokens are pooled: f32 [T], 0 for the prompt's. */
export const POOLING_MASK = "poolingMask";

const POOLING_OF: { readonly [M in PoolingMode]: Pooling } = {
  cls: "cls",
  max: "max",
  mean: "mean",
  mean_sqrt_len_tokens: "meanSqrt",
  weightedmean: "weightedMean",
  lasttoken: "lastToken",
};

/** PyTorch's default, which the LayerNorm module does not change. */
const LAYER_NORM_EPSILON = 1e-5;

/** The steps of a Sentence Transformers repository that stand after its encoder. */
export interface SentenceTail {
  /** Adds the output `embedding` [B, dimensions] to a program. */
  readonly tail: Tail;
  /** Whether a program needs `POOLING_MASK`, because prompts are left out of the pooled vector. */
  readonly masksPrompt: boolean;
  /** Whether embeddings have length 1. */
  readonly normalizes: boolean;
  /** Finds the weights of the modules, by the names that `tail` gives them. */
  tensors(name: string): StoredTensor | undefined;
}

/**
 * Opens the modules: tokens are pooled, then pass the others in order. The modules of sentence_transformers/base/modules
 * and sentence_transformer/modules, release 6. Without any, as there, the embedding is the mean of the token vectors.
 *
 * @throws CheckpointError when a module's weights are missing; ConfigError, while a program is built, when the size of one
 *   does not fit what comes before it.
 */
export function openSentenceTail(modules: readonly SentenceModule[] = []): SentenceTail {
  const weights = new Map(modules.flatMap((module, i) => ("folder" in module ? openWeights(module.folder, i) : [])));
  return {
    tail: ({ graph, inputs, encoded }) => ({
      embedding: buildModules(graph, inputs, encoded.hidden, modules, weights),
    }),
    masksPrompt: modules.some((module) => module.kind === "pooling" && !module.includePrompt),
    normalizes: modules.some(({ kind }) => kind === "normalize"),
    tensors: (name) => weights.get(name),
  };
}

/** The tensors of a module, under names that no encoder has. */
function openWeights(folder: string, module: number): [string, StoredTensor][] {
  const checkpoint = Checkpoint.open(folder);
  return checkpoint.list().map(({ name }) => {
    const own = `${pathOf(module)}.${name}`;
    return [own, { ...checkpoint.tensor(name), name: own }];
  });
}

function pathOf(module: number): string {
  return `modules.${module + 1}`;
}

function buildModules(
  graph: Graph,
  inputs: BatchInputs,
  hidden: Value,
  modules: readonly SentenceModule[],
  weights: ReadonlyMap<string, StoredTensor>,
): Value {
  if (modules.length === 0) return pool(hidden, inputs.offsets, "mean");
  return modules.reduce((x, module, i) => {
    checkSize(module, i, x.shape[1]);
    return buildModule(module, x, inputs, new CheckedPath(graph, pathOf(i), weights));
  }, hidden);
}

function buildModule(module: SentenceModule, x: Value, inputs: BatchInputs, p: CheckedPath): Value {
  switch (module.kind) {
    case "pooling":
      return buildPooling(module, x, inputs);
    case "dense":
      return buildDense(module, x, p);
    case "layer-norm": {
      const shape = [module.dimension];
      return layerNorm(x, p.find("norm.weight", shape), p.find("norm.bias", shape), LAYER_NORM_EPSILON);
    }
    case "normalize":
      return normalize(x);
  }
}

/** Parameters of a module, held against its files at once: the encoder's check does not know them. */
class CheckedPath {
  readonly #p: ParameterPath;
  readonly #weights: ReadonlyMap<string, StoredTensor>;

  constructor(graph: Graph, path: string, weights: ReadonlyMap<string, StoredTensor>) {
    this.#p = new ParameterPath(graph, path);
    this.#weights = weights;
  }

  find(name: string, shape: readonly number[]): Value {
    const found = this.#weights.get(`${this.#p.path}.${name}`);
    const module = `Module ${this.#p.path.replace("modules.", "")} of modules.json`;
    if (found === undefined) throw new CheckpointError(`${module}: 1 weight missing: "${name}" [${shape}].`);
    if (found.shape.join() !== shape.join()) {
      throw new CheckpointError(`${module}: "${name}" is [${found.shape}], expected [${shape}].`);
    }
    return this.#p.weight(name, shape);
  }
}

function checkSize(module: SentenceModule, i: number, columns: unknown): void {
  const size = "dimension" in module ? module.dimension : "inputSize" in module ? module.inputSize : columns;
  if (size !== columns) {
    throw new ConfigError(
      `Module ${i + 1} of modules.json (${module.kind}) reads vectors of ${size}; it gets ${columns}.`,
    );
  }
}

/** Several modes stand side by side -> [B, modes * D] */
function buildPooling(module: SentenceModule & { kind: "pooling" }, hidden: Value, inputs: BatchInputs): Value {
  const mask = module.includePrompt ? undefined : inputs.graph.input(POOLING_MASK, ["tokens"], "f32");
  const pooled = module.modes.map((mode) => pool(hidden, inputs.offsets, POOLING_OF[mode], mask));
  return pooled.reduce((a, b) => concat(a, b));
}

/** activation(x . weight^T + bias), and x itself, projected where sizes differ, for a residual -> [B, outputSize] */
function buildDense(module: SentenceModule & { kind: "dense" }, x: Value, p: CheckedPath): Value {
  const { inputSize, outputSize, activation, hasBias, hasResidual } = module;
  const projected = () =>
    inputSize === outputSize ? x : linear(x, p.find("residual.weight", [outputSize, inputSize]));
  return linear(x, p.find("linear.weight", [outputSize, inputSize]), {
    bias: hasBias ? p.find("linear.bias", [outputSize]) : undefined,
    activation,
    residual: hasResidual ? projected() : undefined,
  });
}

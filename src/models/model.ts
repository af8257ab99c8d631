import type {
  Backend,
  Dtype,
  Executable,
  ParameterSet,
  RunInputs,
  RunOutputs,
  Shape,
  TensorSource,
} from "../backends/backend.ts";
import type { ExpectedTensor } from "../checkpoints/checkpoint-weights.ts";
import { Graph, type Value } from "../engine/graph.ts";
import { ParameterPath } from "../engine/parameters.ts";
import { buildProgram } from "../engine/program.ts";
import { BackendError, ConfigError, InputError } from "../errors.ts";
import { BatchInputs } from "../nn/batch-inputs.ts";
import type { ConfiguredArchitecture, Encoded, HeadName, HeadOutputs } from "./architecture.ts";
import { checkLengths, type PackedBatch, pairOffsetsOf, positionsOf, sizesOf } from "./packed-batch.ts";

/** What a tail is built from. */
export interface TailContext {
  readonly graph: Graph;
  readonly inputs: BatchInputs;
  readonly encoded: Encoded;
  readonly head: HeadOutputs;
  /** Builds the head once more, on other token vectors than the encoder's -> [T, D] */
  headOn(vectors: Value): HeadOutputs;
}

/** Results that a task adds to a model's program, such as a pooled and normalized embedding. */
export type Tail = (context: TailContext) => HeadOutputs;

/** What a model is made of. */
export interface ModelOptions {
  readonly architecture: ConfiguredArchitecture;
  readonly head: HeadName;
  readonly backend: Backend;
  /** Finds tensors by the names that the architecture uses. */
  readonly tensors: TensorSource;
  readonly tail?: Tail | undefined;
  /** What weights are kept in, or of each by its name. Default "f32". */
  readonly dtype?: Dtype | DtypeOf | undefined;
}

/** What the parameter of a name is kept in, if it is a matmul's weight or an embedding's table. */
export type DtypeOf = (parameter: string) => Dtype;

/**
 * An encoder with a head on a backend. The whole graph is built once; every set of outputs that is asked for becomes a
 * program of its own over the same weights, so that nothing is computed that nobody reads.
 */
export class Model {
  readonly architecture: ConfiguredArchitecture;
  readonly head: HeadName;
  readonly maxLength: number;
  readonly #dtypeOf: DtypeOf;
  readonly graph = new Graph();
  readonly #backend: Backend;
  readonly #parameters: ParameterSet;
  readonly #outputs: { readonly [name: string]: Value };
  /** Names of the head's own outputs, such as "logits". */
  readonly headOutputs: readonly string[];
  readonly #executables = new Map<string, { executable: Executable; inputs: ReadonlySet<string> }>();

  /**
   * @throws ConfigError when the architecture has no such head.
   */
  constructor(options: ModelOptions) {
    const { architecture, head, backend } = options;
    this.architecture = architecture;
    this.head = head;
    this.maxLength = architecture.maxLength;
    const { dtype = "f32" } = options;
    this.#dtypeOf = typeof dtype === "function" ? dtype : () => dtype;
    this.#backend = backend;
    const { outputs, headOutputs } = buildOutputs(this.graph, options);
    this.#outputs = outputs;
    this.headOutputs = headOutputs;
    this.#parameters = backend.createParameters(options.tensors);
  }

  /** Names of everything that `run` can return. */
  get outputs(): readonly string[] {
    return Object.keys(this.#outputs);
  }

  /** Bytes of weights on the backend so far. */
  get parameterBytes(): number {
    return this.#parameters.bytes;
  }

  /** The parameters that these outputs are computed from, tied ones once. */
  parameters(outputs: readonly string[]): readonly ExpectedTensor[] {
    const { parameters } = buildProgram(this.graph, this.#select(outputs), { fuse: false });
    return parameters.map(({ parts, shape }) => ({ name: parts[0] as string, shape }));
  }

  /** How many columns an output has: classes, words, the size of a vector. */
  columns(output: string): number {
    const shape = this.#select([output])[output]?.shape as Shape;
    return shape[1] as number;
  }

  /** The program of these outputs as the backend runs it; for inspection and for the memory plan. */
  program(outputs: readonly string[]) {
    return buildProgram(this.graph, this.#select(outputs), { dtypeOf: this.#dtypeOf });
  }

  /**
   * Runs a batch and returns the named outputs, row-major: `hidden` [T, D], `logits` as the head defines them, ...
   *
   * @throws InputError when an output is not known, a text is empty or longer than `maxLength`.
   * @throws BackendError when an id is out of range or a result is not finite.
   */
  async run(
    batch: PackedBatch,
    outputs: readonly string[],
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<RunOutputs> {
    checkLengths(batch, this.maxLength);
    const { executable, inputs } = this.#compiled(outputs);
    const given = this.#inputs(batch, inputs);
    const pairs = given.pairOffsets === undefined ? 0 : (given.pairOffsets.at(-1) as number);
    const results = await executable.run(given, sizesOf(batch, pairs), options);
    for (const [name, numbers] of Object.entries(results)) checkFinite(name, numbers);
    return results;
  }

  /** Uploads and compiles ahead of the first run. */
  prepare(outputs: readonly string[]): void {
    this.#compiled(outputs);
  }

  /** Gives weights and programs back. The backend stays open. */
  close(): void {
    for (const { executable } of this.#executables.values()) executable.close();
    this.#executables.clear();
    this.#parameters.close();
  }

  #compiled(outputs: readonly string[]) {
    const key = outputs.join();
    const known = this.#executables.get(key);
    if (known !== undefined) return known;
    const program = this.program(outputs);
    const compiled = {
      executable: this.#backend.compile(program, this.#parameters),
      inputs: new Set(program.inputs.keys()),
    };
    this.#executables.set(key, compiled);
    return compiled;
  }

  #select(names: readonly string[]): { [name: string]: Value } {
    return Object.fromEntries(
      names.map((name) => {
        const value = this.#outputs[name];
        if (value === undefined) {
          throw new InputError(`This model has no output "${name}"; it has ${this.outputs.join(", ")}.`);
        }
        return [name, value];
      }),
    );
  }

  #inputs(batch: PackedBatch, wanted: ReadonlySet<string>): RunInputs {
    const offered: { readonly [name: string]: () => Int32Array | Float32Array | undefined } = {
      ids: () => batch.ids,
      offsets: () => batch.offsets,
      typeIds: () => batch.typeIds ?? new Int32Array(batch.ids.length),
      taskIds: () => batch.taskIds ?? new Int32Array(batch.ids.length),
      positions: () => positionsOf(batch, this.architecture.positionsAfter),
      pairOffsets: () => pairOffsetsOf(batch.offsets),
      rows: () => batch.rows,
    };
    const extra = { ...this.architecture.extraInputs(batch), ...batch.extra };
    const given: { [name: string]: Int32Array | Float32Array } = {};
    for (const name of wanted) {
      const numbers = offered[name]?.() ?? extra[name];
      if (numbers === undefined) throw new InputError(`The batch lacks "${name}", which the wanted outputs need.`);
      given[name] = numbers;
    }
    return given;
  }
}

function buildOutputs(graph: Graph, { architecture, head: headName, tail }: ModelOptions) {
  const { initializerRange } = architecture.config;
  const p = new ParameterPath(graph, "", typeof initializerRange === "number" ? initializerRange : undefined);
  const inputs = new BatchInputs(graph);
  const encoded = architecture.encode(p.at(architecture.prefix), inputs);
  const build = architecture.heads[headName];
  if (build === undefined) {
    const known = Object.keys(architecture.heads).join(", ");
    throw new ConfigError(`${architecture.name} has no head "${headName}"; it has ${known}.`);
  }
  const head = build({ p, inputs, encoded });
  const headOn = (hidden: Value) => build({ p, inputs, encoded: { hidden, hiddenStates: [hidden], attentions: [] } });
  const outputs: HeadOutputs = {
    hidden: encoded.hidden,
    ...numbered("hiddenStates", encoded.hiddenStates),
    ...numbered("attentions", encoded.attentions),
    ...head,
    ...tail?.({ graph, inputs, encoded, head, headOn }),
  };
  return { outputs, headOutputs: Object.keys(head) };
}

function numbered(name: string, values: readonly Value[]): HeadOutputs {
  return Object.fromEntries(values.map((value, i) => [`${name}.${i}`, value]));
}

function checkFinite(name: string, numbers: Float32Array): void {
  for (let i = 0; i < numbers.length; i++) {
    if (!Number.isFinite(numbers[i])) {
      throw new BackendError(
        `Output "${name}" is not finite: number ${i} is ${numbers[i]}. Look for bad weights with: cloze inspect --finite`,
      );
    }
  }
}

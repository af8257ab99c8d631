import type { Backend, Dtype, Executable, ParameterSet, RunOutputs, Shape, TensorSource } from "../backends/backend.ts";
import type { ExpectedTensor } from "../checkpoints/checkpoint-weights.ts";
import { Graph, type Value } from "../engine/graph.ts";
import { buildProgram } from "../engine/program.ts";
import { BackendError, InputError } from "../errors.ts";
import type { ConfiguredArchitecture, HeadName } from "./architecture.ts";
import { buildModelGraph, type Tail } from "./model-graph.ts";
import { checkLengths, type PackedBatch } from "./packed-batch.ts";
import { runInputs } from "./run-inputs.ts";

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
    const { outputs, head: headOutputs } = buildModelGraph(this.graph, options);
    this.#outputs = outputs;
    this.headOutputs = Object.keys(headOutputs);
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
    const { given, sizes } = runInputs(batch, inputs, this.architecture);
    const results = await executable.run(given, sizes, options);
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

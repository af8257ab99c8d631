import type { Backend, Executable, ParameterSet, RunOutputs, StoredTensor, TensorSource } from "../backends/backend.ts";
import { memoryTensor, zeroTensor } from "../checkpoints/stored-types.ts";
import { differentiate } from "../engine/differentiate.ts";
import { Graph, type Value } from "../engine/graph.ts";
import { ZEROS } from "../engine/initializer.ts";
import { add, affine, multiply } from "../engine/ops/elementwise.ts";
import { rowSquares, sumRows } from "../engine/ops/sum.ts";
import { accumulate, adamW } from "../engine/ops/update.ts";
import { buildProgram } from "../engine/program.ts";
import { BackendError, InputError } from "../errors.ts";
import type { ConfiguredArchitecture, HeadName } from "../models/architecture.ts";
import { buildModelGraph, type Tail } from "../models/model-graph.ts";
import { checkLengths, type PackedBatch } from "../models/packed-batch.ts";
import { runInputs } from "../models/run-inputs.ts";
import type { LossBuilder, LossTerm } from "./losses/loss-term.ts";

/** What is trained, on what. */
export interface TrainableOptions {
  readonly architecture: ConfiguredArchitecture;
  readonly head: HeadName;
  readonly backend: Backend;
  /** Finds tensors by canonical names: a checkpoint's, or fresh ones. */
  readonly tensors: TensorSource;
  /** What `state` gave: stands in for `tensors`, and training goes on with the same bits. Default: starts anew. */
  readonly state?: readonly StoredTensor[] | undefined;
  readonly losses: LossBuilder;
  readonly tail?: Tail | undefined;
  /** Which parameters change. Default: all. */
  readonly isTrained?: ((parameter: string) => boolean) | undefined;
  /** Multiplies the learning rate of a parameter. Default: 1 for each. */
  readonly rateFactor?: ((parameter: string) => number) | undefined;
  /** Share of numbers dropped at the model's places for it; a batch then brings `extra.seed` [1]. Default: 0. */
  readonly dropout?: number | undefined;
}

/** One step of AdamW. Defaults are PyTorch's. */
export interface UpdateSettings {
  readonly learningRate: number;
  /** Multiplies the accumulated gradients: below 1 when they are clipped. */
  readonly scale: number;
  /** From 1. */
  readonly step: number;
  /** Default: 0.9. */
  readonly beta1?: number | undefined;
  /** Default: 0.999. */
  readonly beta2?: number | undefined;
  /** Default: 1e-8. */
  readonly epsilon?: number | undefined;
  /** Of matrices; vectors are not decayed. Default: 0.01. */
  readonly weightDecay?: number | undefined;
}

const GRADIENT = "gradient of ";
const FIRST = "first moment of ";
const SECOND = "second moment of ";

interface Compiled {
  readonly executable: Executable;
  readonly inputs: readonly string[];
}

/**
 * A model whose parameters change where they lie on the backend. All its programs (forward, backward, update) read one
 * copy of them, in rows.
 *
 * One step: `accumulate` a batch, or several; look at `gradientNorm`; `update`, or `discard`.
 */
export class TrainableModel {
  /** Those that are trained. */
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly architecture: ConfiguredArchitecture;
  readonly #backend: Backend;
  readonly #set: ParameterSet;
  readonly #options: TrainableOptions;
  readonly #plain: LossGraph;
  readonly #programs = new Map<string, Compiled>();

  /** @throws ConfigError when the architecture has no such head; InputError when nothing is trained. */
  constructor(options: TrainableOptions) {
    this.#options = options;
    this.architecture = options.architecture;
    this.#backend = options.backend;
    this.#plain = new LossGraph(options, 0);
    const { isTrained = () => true } = options;
    this.parameters = this.#plain.learned().filter(({ name }) => isTrained(name));
    if (this.parameters.length === 0) throw new InputError("No parameter is trained. Let isTrained choose some.");
    const state = new Map(options.state?.map((tensor) => [tensor.name, tensor]));
    this.#set = options.backend.createParameters((name) => state.get(name) ?? this.#initial(name));
  }

  /**
   * Forward and backward. Adds the gradients of the sum over terms and rows of weight x loss to those of earlier calls.
   *
   * @returns that sum, of each term.
   * @throws InputError when the batch lacks an input; BackendError when an id or a label is out of range.
   */
  async accumulate(
    batch: PackedBatch,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<{ readonly [term: string]: number }> {
    const program = this.#compiled("accumulate", () => this.#accumulation());
    const { after: _, ...losses } = await this.#run(program, batch, options);
    return numbersOf(losses);
  }

  /** Losses as `accumulate` gives them, and other outputs, of the model as it is; nothing is dropped or learned. */
  async measure(
    batch: PackedBatch,
    outputs: readonly string[] = [],
  ): Promise<{ readonly losses: { readonly [term: string]: number }; readonly outputs: RunOutputs }> {
    const results = await this.#run(this.#forward(outputs, true), batch, {});
    const isOutput = (name: string) => outputs.includes(name);
    const entries = Object.entries(results);
    return {
      losses: numbersOf(Object.fromEntries(entries.filter(([name]) => !isOutput(name)))),
      outputs: Object.fromEntries(entries.filter(([name]) => isOutput(name))),
    };
  }

  /** Outputs of head and tail alone; the batch needs no labels. */
  run(batch: PackedBatch, outputs: readonly string[]): Promise<RunOutputs> {
    return this.#run(this.#forward(outputs, false), batch, {});
  }

  /** The root of the sum of squares of all accumulated gradients; NaN or infinite when one of them is. */
  async gradientNorm(): Promise<number> {
    const { sum } = await this.#runPlain(this.#compiled("norm", () => this.#norm()));
    return Math.sqrt(sum![0]!);
  }

  /** The first parameter whose accumulated gradient is not finite. */
  async nonFinite(): Promise<string | undefined> {
    for (const { name } of this.parameters) {
      const gradient = await this.#read(GRADIENT + name);
      if (!gradient.every(Number.isFinite)) return name;
    }
    return undefined;
  }

  /** Changes the parameters by what was accumulated, which is zero again afterwards. */
  async update(settings: UpdateSettings): Promise<void> {
    await this.#update(settings, true);
  }

  /** Forgets what was accumulated. */
  async discard(): Promise<void> {
    await this.#update({ learningRate: 0, scale: 0, step: 1 }, false);
  }

  /** What was accumulated, by parameter. */
  gradients(): Promise<StoredTensor[]> {
    return this.#readAll(this.parameters.map(({ name }) => [GRADIENT + name, name]));
  }

  /** The trained parameters as they are now. */
  tensors(): Promise<StoredTensor[]> {
    return this.#readAll(this.parameters.map(({ name }) => [name, name]));
  }

  /** Parameters and the optimizer's moments. */
  async state(): Promise<StoredTensor[]> {
    const kinds = ["", FIRST, SECOND];
    return this.#readAll(
      this.parameters.flatMap(({ name }) => kinds.map((kind) => [kind + name, kind + name] as const)),
    );
  }

  /** Gives everything back. The backend stays open. */
  close(): void {
    for (const { executable } of this.#programs.values()) executable.close();
    this.#programs.clear();
    this.#set.close();
  }

  #accumulation(): { graph: Graph; outputs: { [name: string]: Value } } {
    const { dropout = 0 } = this.#options;
    const built = new LossGraph(this.#options, dropout);
    const { graph, terms } = built;
    const wanted = new Set(this.parameters.map(({ name }) => name));
    const values = graph.parameters.filter(({ name }) => wanted.has(name));
    let after: Value | undefined;
    const gradients = built.gradients(values.map(({ value }) => value));
    for (const { name, shape, value } of values) {
      const gradient = gradients.get(value);
      if (gradient === undefined) continue;
      after = accumulate(graph.parameter(GRADIENT + name, shape, ZEROS), gradient, after);
    }
    if (after === undefined) throw new InputError("The losses depend on no parameter that is trained.");
    return { graph, outputs: { ...built.sums(terms), after } };
  }

  #norm(): { graph: Graph; outputs: { [name: string]: Value } } {
    const graph = new Graph();
    const squares = this.parameters.map(({ name, shape }) =>
      sumRows(rowSquares(graph.parameter(GRADIENT + name, shape, ZEROS))),
    );
    return { graph, outputs: { sum: squares.reduce((sum, square) => add(sum, square)) } };
  }

  async #update(settings: UpdateSettings, isOn: boolean): Promise<void> {
    const { learningRate, scale, step, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 } = settings;
    const corrections = [1 - beta1 ** step, 1 - beta2 ** step];
    const numbers = [scale, learningRate, beta1, beta2, epsilon, weightDecay, ...corrections, Number(isOn)];
    const program = this.#compiled("update", () => this.#optimizer());
    await this.#runPlain(program, { settings: Float32Array.from(numbers) });
  }

  #optimizer(): { graph: Graph; outputs: { [name: string]: Value } } {
    const { rateFactor = () => 1 } = this.#options;
    const graph = new Graph();
    const settings = graph.input("settings", [9], "f32");
    let after: Value | undefined;
    for (const { name, shape } of this.parameters) {
      const state = (kind: string) => graph.parameter(kind + name, shape, ZEROS);
      const operands = { parameter: state(""), gradient: state(GRADIENT), first: state(FIRST), second: state(SECOND) };
      const factors = { rateFactor: rateFactor(name), decayFactor: shape.length > 1 ? 1 : 0 };
      after = adamW({ ...operands, settings }, factors, after);
    }
    return { graph, outputs: { after: after as Value } };
  }

  #forward(outputs: readonly string[], withLosses: boolean): Compiled {
    return this.#compiled(`forward ${withLosses} ${outputs.join()}`, () => {
      const { graph, terms } = this.#plain;
      const chosen = Object.fromEntries(outputs.map((name) => [name, this.#plain.output(name)]));
      return { graph, outputs: { ...(withLosses ? this.#plain.sums(terms) : {}), ...chosen } };
    });
  }

  #compiled(key: string, build: () => { graph: Graph; outputs: { [name: string]: Value } }): Compiled {
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const { graph, outputs } = build();
    const program = buildProgram(graph, outputs, { trainable: true });
    const executable = this.#backend.compile(program, this.#set);
    const compiled = { executable, inputs: [...program.inputs.keys()] };
    this.#programs.set(key, compiled);
    return compiled;
  }

  #run({ executable, inputs }: Compiled, batch: PackedBatch, options: { signal?: AbortSignal | undefined }) {
    checkLengths(batch, this.architecture.maxLength);
    const { given, sizes } = runInputs(batch, inputs, this.architecture);
    return executable.run(given, sizes, options);
  }

  #runPlain({ executable }: Compiled, inputs: { [name: string]: Float32Array } = {}): Promise<RunOutputs> {
    return executable.run(inputs, {});
  }

  async #readAll(names: readonly (readonly [stored: string, name: string])[]): Promise<StoredTensor[]> {
    const tensors: StoredTensor[] = [];
    for (const [stored, name] of names) {
      tensors.push(memoryTensor(name, this.#shapeOf(stored), await this.#read(stored)));
    }
    return tensors;
  }

  /** A parameter's numbers: a program that copies it. Adding -0 changes no bit, not even a zero's sign. */
  async #read(name: string): Promise<Float32Array> {
    const program = this.#compiled(`read ${name}`, () => {
      const graph = new Graph();
      return { graph, outputs: { copy: affine(graph.parameter(name, this.#shapeOf(name), ZEROS), 1, -0) } };
    });
    const { copy } = await this.#runPlain(program);
    return copy!;
  }

  #initial(name: string): StoredTensor {
    if (withoutKind(name) === name) return this.#options.tensors(name);
    return zeroTensor(name, this.#shapeOf(name));
  }

  #shapeOf(name: string): readonly number[] {
    const bare = withoutKind(name);
    const found = this.parameters.find((parameter) => parameter.name === bare);
    if (found === undefined) throw new BackendError(`"${bare}" is no parameter that is trained.`);
    return found.shape;
  }
}

/** A model's graph with its losses. */
class LossGraph {
  readonly graph = new Graph();
  readonly terms: readonly LossTerm[];
  readonly #outputs: { readonly [name: string]: Value };

  constructor(options: TrainableOptions, dropout: number) {
    const built = buildModelGraph(this.graph, { ...options, dropout });
    this.#outputs = built.outputs;
    this.terms = options.losses({ graph: this.graph, ...built });
  }

  output(name: string): Value {
    const value = this.#outputs[name];
    if (value === undefined) {
      throw new InputError(`This model has no output "${name}"; it has ${Object.keys(this.#outputs).join(", ")}.`);
    }
    return value;
  }

  /** The parameters that the losses depend on. */
  learned(): { name: string; shape: readonly number[] }[] {
    const program = buildProgram(this.graph, this.sums(this.terms), { fuse: false, trainable: true });
    const used = new Set(program.parameters.flatMap(({ parts }) => parts));
    return this.graph.parameters.filter(({ name }) => used.has(name)).map(({ name, shape }) => ({ name, shape }));
  }

  /** Of all terms together. */
  gradients(parameters: readonly Value[]): ReadonlyMap<Value, Value> {
    const total = new Map<Value, Value>();
    for (const term of this.terms) {
      for (const [parameter, gradient] of differentiate(this.graph, term.rows, parameters, this.#weights(term))) {
        const known = total.get(parameter);
        total.set(parameter, known === undefined ? gradient : add(known, gradient));
      }
    }
    return total;
  }

  sums(terms: readonly LossTerm[]): { [name: string]: Value } {
    return Object.fromEntries(terms.map((term) => [term.name, sumRows(multiply(term.rows, this.#weights(term)))]));
  }

  #weights({ name, rows }: LossTerm): Value {
    return this.graph.input(`${name}Weights`, rows.shape, "f32");
  }
}

function withoutKind(name: string): string {
  const kind = [GRADIENT, FIRST, SECOND].find((kind) => name.startsWith(kind));
  return kind === undefined ? name : name.slice(kind.length);
}

function numbersOf(outputs: RunOutputs): { [name: string]: number } {
  return Object.fromEntries(Object.entries(outputs).map(([name, numbers]) => [name, numbers[0]!]));
}

import type { Backend, Executable, ParameterSet, RunOutputs, StoredTensor, TensorSource } from "../backends/backend.ts";
import type { Precision } from "../backends/op-table.ts";
import { memoryTensor, zeroTensor } from "../checkpoints/stored-types.ts";
import { differentiate } from "../engine/differentiate.ts";
import { Graph, type Value } from "../engine/graph.ts";
import { ZEROS } from "../engine/initializer.ts";
import { add, affine, multiply } from "../engine/ops/elementwise.ts";
import { rowSquares, sumRows } from "../engine/ops/sum.ts";
import { accumulate, average } from "../engine/ops/update.ts";
import { buildProgram } from "../engine/program.ts";
import { BackendError, InputError } from "../errors.ts";
import type { ConfiguredArchitecture, HeadName } from "../models/architecture.ts";
import { buildModelGraph, type Tail } from "../models/model-graph.ts";
import { checkLengths, type PackedBatch } from "../models/packed-batch.ts";
import { runInputs } from "../models/run-inputs.ts";
import type { LossBuilder, LossTerm } from "./losses/loss-term.ts";
import { GRADIENT, type OptimizerName, optimizerNamed, settingsOf, type UpdateSettings } from "./optimizers.ts";

/** What is trained, on what. */
export interface TrainableOptions {
  readonly architecture: ConfiguredArchitecture;
  readonly head: HeadName;
  readonly backend: Backend;
  /** Finds tensors by canonical names: a checkpoint's, or fresh ones. */
  readonly tensors: TensorSource;
  /** What `state` gave: stands in for `tensors`, and training goes on with the same bits. Default: starts anew. */
  readonly state?: readonly StoredTensor[] | undefined;
  /** Makes the graphs that the model is drawn in, for learning or for looking at it. Default: plain ones. */
  readonly graph?: ((use: "learn" | "look") => Graph) | undefined;
  readonly losses: LossBuilder;
  readonly tail?: Tail | undefined;
  /** Which parameters change. Default: all. */
  readonly isTrained?: ((parameter: string) => boolean) | undefined;
  /** Multiplies the learning rate of a parameter. Default: 1 for each. */
  readonly rateFactor?: ((parameter: string) => number) | undefined;
  /** Share of numbers dropped at the model's places for it; a batch then brings `extra.seed` [1]. Default: 0. */
  readonly dropout?: number | undefined;
  /** The same, of attention's probabilities. Default: 0. */
  readonly attentionDropout?: number | undefined;
  /**
   * Keep of the encoder's blocks their results alone, and compute the rest again for the gradients: a quarter more work,
   * much less memory, the same bits. Default: false.
   */
  readonly recompute?: boolean | undefined;
  /**
   * What products multiply: "bf16" rounds both sides to it. Sums, parameters, gradients and the optimizer's state are f32
   * all the same. Default: "f32".
   */
  readonly dtype?: Precision | undefined;
  /** Default: "adamw". */
  readonly optimizer?: OptimizerName | undefined;
  /**
   * Keeps a moving average of the trained parameters, which is what `measure`, `run` and `tensors` then look at; this is
   * the share of it that stays at each update, less at the first updates: at most (1 + step) / (10 + step). Default: none.
   */
  readonly averageDecay?: number | undefined;
}

/** Which weights are looked at: as they are while learning, or their moving averages where these are kept. */
export type WhichWeights = "learning" | "averaged";

const AVERAGE = "average of ";

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
  readonly #optimizer: ReturnType<typeof optimizerNamed>;
  readonly #plain: LossGraph;
  readonly #programs = new Map<string, Compiled>();

  /** @throws ConfigError when the architecture has no such head; InputError when nothing is trained. */
  constructor(options: TrainableOptions) {
    this.#options = options;
    this.#optimizer = optimizerNamed(options.optimizer ?? "adamw");
    this.architecture = options.architecture;
    this.#backend = options.backend;
    this.#plain = new LossGraph(options, "look");
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

  /** Outputs of head and tail alone; the batch needs no labels. With `drops` numbers are dropped as `accumulate` does. */
  run(
    batch: PackedBatch,
    outputs: readonly string[],
    options: { readonly weights?: WhichWeights | undefined; readonly drops?: boolean | undefined } = {},
  ): Promise<RunOutputs> {
    const program = options.drops ? this.#dropping(outputs) : this.#forward(outputs, false, options.weights);
    return this.#run(program, batch, {});
  }

  /** The root of the sum of squares of all accumulated gradients; NaN or infinite when one of them is. */
  async gradientNorm(): Promise<number> {
    const { sum } = await this.#runPlain(this.#compiled("norm", () => this.#norm()));
    return Math.sqrt(sum![0]!);
  }

  /** The first weight that is not finite, trained or not, else the first gradient that was accumulated; in words. */
  async nonFinite(): Promise<string | undefined> {
    const weights = this.#plain.learned().map(({ name }) => [name, `the weight "${name}"`] as const);
    const gradients = this.parameters.map(({ name }) => [GRADIENT + name, `the gradient of "${name}"`] as const);
    for (const [name, words] of [...weights, ...gradients]) {
      const values = await this.#read(name);
      if (!values.every(Number.isFinite)) return words;
    }
    return undefined;
  }

  /** Changes the parameters by what was accumulated, which is zero again afterwards. */
  async update(settings: UpdateSettings): Promise<void> {
    await this.#update(settings, true);
    const { averageDecay } = this.#options;
    if (averageDecay === undefined) return;
    const decay = Math.min(averageDecay, (1 + settings.step) / (10 + settings.step));
    await this.#runPlain(
      this.#compiled("average", () => this.#averaging()),
      { share: Float32Array.of(1 - decay) },
    );
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
    return this.#readAll(this.parameters.map(({ name }) => [this.#stored(name, "averaged"), name]));
  }

  /** Parameters, the optimizer's state, averages. */
  async state(): Promise<StoredTensor[]> {
    const averages = this.#options.averageDecay === undefined ? [] : [AVERAGE];
    return this.#readAll(
      this.parameters.flatMap(({ name, shape }) =>
        ["", ...Object.keys(this.#optimizer.states(shape)), ...averages].map(
          (kind) => [kind + name, kind + name] as const,
        ),
      ),
    );
  }

  /** Gives everything back. The backend stays open. */
  close(): void {
    for (const { executable } of this.#programs.values()) executable.close();
    this.#programs.clear();
    this.#set.close();
  }

  #accumulation(): { graph: Graph; outputs: { [name: string]: Value } } {
    const built = new LossGraph(this.#options, "learn");
    const { graph, terms } = built;
    const wanted = new Set(this.parameters.map(({ name }) => name));
    const values = graph.parameters.filter(({ name }) => wanted.has(name));
    let after: Value | undefined;
    const names = new Map(values.map(({ name, value }) => [value, name]));
    built.differentiate([...names.keys()], (parameter, gradient) => {
      const name = GRADIENT + names.get(parameter);
      after = accumulate(graph.parameter(name, parameter.shape as readonly number[], ZEROS), gradient, after);
    });
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
    const program = this.#compiled("update", () => this.#updating());
    await this.#runPlain(program, { settings: settingsOf(this.#options.optimizer ?? "adamw", settings, isOn) });
  }

  #updating(): { graph: Graph; outputs: { [name: string]: Value } } {
    const { rateFactor = () => 1 } = this.#options;
    const graph = new Graph();
    const settings = graph.input("settings", [9], "f32");
    let after: Value | undefined;
    for (const { name, shape } of this.parameters) {
      const states = (kind: string) => graph.parameter(kind + name, this.#shapeOf(kind + name), ZEROS);
      const factors = { rateFactor: rateFactor(name), decayFactor: shape.length > 1 ? 1 : 0 };
      after = this.#optimizer.step(states, settings, factors, after);
    }
    return { graph, outputs: { after: after as Value } };
  }

  #averaging(): { graph: Graph; outputs: { [name: string]: Value } } {
    const graph = new Graph();
    const share = graph.input("share", [1], "f32");
    let after: Value | undefined;
    for (const { name, shape } of this.parameters) {
      const [kept, now] = [AVERAGE + name, name].map((stored) => graph.parameter(stored, shape, ZEROS));
      after = average(kept!, now!, share, after);
    }
    return { graph, outputs: { after: after as Value } };
  }

  #forward(outputs: readonly string[], withLosses: boolean, weights: WhichWeights = "averaged"): Compiled {
    const key = `forward ${withLosses} ${weights} ${outputs.join()}`;
    const build = () => {
      const { graph, terms } = this.#plain;
      const chosen = Object.fromEntries(outputs.map((name) => [name, this.#plain.output(name)]));
      return { graph, outputs: { ...(withLosses ? this.#plain.sums(terms) : {}), ...chosen } };
    };
    return this.#compiled(key, build, weights);
  }

  /** As `accumulate` sees the model: the same numbers are dropped. */
  #dropping(outputs: readonly string[]): Compiled {
    return this.#compiled(`dropping ${outputs.join()}`, () => {
      const built = new LossGraph(this.#options, "learn");
      return { graph: built.graph, outputs: Object.fromEntries(outputs.map((name) => [name, built.output(name)])) };
    });
  }

  #compiled(
    key: string,
    build: () => { graph: Graph; outputs: { [name: string]: Value } },
    weights: WhichWeights = "learning",
  ): Compiled {
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const { graph, outputs } = build();
    const program = buildProgram(graph, outputs, { trainable: true, precision: this.#options.dtype });
    const parameters = program.parameters.map((parameter) => {
      return { ...parameter, parts: parameter.parts.map((name) => this.#stored(name, weights)) };
    });
    const executable = this.#backend.compile({ ...program, parameters }, this.#set);
    const compiled = { executable, inputs: [...program.inputs.keys()] };
    this.#programs.set(key, compiled);
    return compiled;
  }

  /** What a parameter is kept as. */
  #stored(name: string, weights: WhichWeights): string {
    const isAveraged = weights === "averaged" && this.#options.averageDecay !== undefined;
    return isAveraged && this.parameters.some((parameter) => parameter.name === name) ? AVERAGE + name : name;
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
    const { kind, of } = this.#named(name);
    if (kind === "" || kind === AVERAGE) return this.#options.tensors(of);
    return zeroTensor(name, this.#shapeOf(name));
  }

  #shapeOf(name: string): readonly number[] {
    const { kind, of } = this.#named(name);
    const found = this.parameters.find((parameter) => parameter.name === of);
    if (found === undefined) throw new BackendError(`"${of}" is no parameter that is trained.`);
    return this.#optimizer.states(found.shape)[kind] ?? found.shape;
  }

  /** Of what kind something is kept of which parameter. */
  #named(name: string): { readonly kind: string; readonly of: string } {
    const kinds = [GRADIENT, AVERAGE, ...Object.keys(this.#optimizer.states([1, 1]))];
    const kind = kinds.find((each) => name.startsWith(each)) ?? "";
    return { kind, of: name.slice(kind.length) };
  }
}

/** A model's graph with its losses. */
class LossGraph {
  readonly graph: Graph;
  readonly terms: readonly LossTerm[];
  readonly #outputs: { readonly [name: string]: Value };
  /** What the last block makes is needed at once: it is not forgotten. */
  readonly #checkpoints: readonly Value[];

  constructor(options: TrainableOptions, use: "learn" | "look") {
    this.graph = options.graph?.(use) ?? new Graph();
    const { dropout: hidden = 0, attentionDropout: attention = 0 } = options;
    const dropout = use === "learn" ? { hidden, attention } : undefined;
    const built = buildModelGraph(this.graph, { ...options, dropout });
    this.#outputs = built.outputs;
    this.#checkpoints = options.recompute ? built.encoded.hiddenStates.slice(0, -1) : [];
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

  /** The gradients of all terms together, each when it is whole. */
  differentiate(parameters: readonly Value[], take: (parameter: Value, gradient: Value) => void): void {
    const losses = this.terms.map((term) => ({ value: term.rows, seed: this.#weights(term) }));
    differentiate(this.graph, losses, parameters, { checkpoints: this.#checkpoints, take });
  }

  sums(terms: readonly LossTerm[]): { [name: string]: Value } {
    return Object.fromEntries(terms.map((term) => [term.name, sumRows(multiply(term.rows, this.#weights(term)))]));
  }

  #weights({ name, rows }: LossTerm): Value {
    return this.graph.input(`${name}Weights`, rows.shape, "f32");
  }
}

function numbersOf(outputs: RunOutputs): { [name: string]: number } {
  return Object.fromEntries(Object.entries(outputs).map(([name, numbers]) => [name, numbers[0]!]));
}

import { BackendError } from "../errors.ts";
import type { BackendName, Executable, Program, RunInputs, RunOptions, RunOutputs, Sizes } from "./backend.ts";
import { checkInputs, checkTimes } from "./check-inputs.ts";
import { distinctOutputs, encodeSizes } from "./encoding.ts";
import { resolveDimension } from "./shape.ts";

/** A run, checked and put into the order in which the interpreter expects it. */
export interface OrderedRun {
  readonly sizes: Int32Array;
  /** Of each value in the arena, by value number. */
  readonly offsets: Float64Array;
  readonly arenaBytes: number;
  readonly inputs: readonly (Int32Array | Float32Array)[];
  /** How many numbers each distinct output has. */
  readonly outputs: readonly number[];
}

/** What native and wasm do each in their way. */
export interface ProgramRunner {
  /** Resolves to the distinct outputs, in the program's order. Throws the signal's reason when it aborts. */
  run(run: OrderedRun, options: RunOptions): Promise<Float32Array[]>;
  /** Runs that wait or go on end first. */
  release(): void;
}

/** A program that the C++ interpreter walks, natively or as WebAssembly. */
export class CompiledProgram implements Executable {
  readonly #backend: BackendName;
  readonly #program: Program;
  readonly #outputs: readonly number[];
  readonly #open: Set<CompiledProgram>;
  #runner: ProgramRunner | undefined;

  /** `open`: where it is listed until it is closed. */
  constructor(backend: BackendName, program: Program, runner: ProgramRunner, open: Set<CompiledProgram>) {
    this.#backend = backend;
    this.#program = program;
    this.#outputs = distinctOutputs(program);
    this.#runner = runner;
    this.#open = open;
    open.add(this);
  }

  async run(inputs: RunInputs, sizes: Sizes, options: RunOptions = {}): Promise<RunOutputs> {
    options.signal?.throwIfAborted();
    if (this.#runner === undefined) throw new BackendError(`${this.#backend}: this executable is closed.`);
    checkInputs(this.#program, inputs, sizes);
    checkTimes(this.#program, options.times);
    const outputs = await this.#runner.run(this.#order(inputs, sizes), options);
    const found = new Map(this.#outputs.map((id, i) => [id, outputs[i] as Float32Array]));
    return Object.fromEntries([...this.#program.outputs].map(([name, id]) => [name, found.get(id) as Float32Array]));
  }

  close(): void {
    this.#runner?.release();
    this.#runner = undefined;
    this.#open.delete(this);
  }

  #order(inputs: RunInputs, sizes: Sizes): OrderedRun {
    const { bytes, offsets } = this.#program.plan(sizes);
    return {
      sizes: encodeSizes(sizes),
      offsets,
      arenaBytes: bytes,
      inputs: [...this.#program.inputs.keys()].map((name) => inputs[name] as Int32Array | Float32Array),
      outputs: this.#outputs.map((id) => elements(this.#program, id, sizes)),
    };
  }
}

function elements(program: Program, id: number, sizes: Sizes): number {
  const shape = program.values[id]?.shape ?? [];
  return shape.reduce<number>((product, dimension) => product * resolveDimension(dimension, sizes), 1);
}

import { toFloat32 } from "../../checkpoints/stored-types.ts";
import { BackendError } from "../../errors.ts";
import type {
  Backend,
  BackendInfo,
  ElementType,
  Executable,
  ParameterSet,
  Program,
  ProgramParameter,
  ProgramValue,
  RunInputs,
  RunOptions,
  RunOutputs,
  Sizes,
  Step,
  TensorSource,
} from "../backend.ts";
import { checkInputs, checkTimes } from "../check-inputs.ts";
import { asMatrix, resolveDimension } from "../shape.ts";
import { REFERENCE_KERNELS } from "./kernels/index.ts";
import type { Matrix } from "./matrix.ts";
import { narrowRows } from "./narrow.ts";

/** Longest stretch of work, in milliseconds, before other tasks of the process get their turn. */
const YIELD_AFTER = 8;

/**
 * Plain TypeScript in f64: slow, short, and the oracle for the others. Every value has a buffer of its own, so nothing
 * that a plan or a view could spoil is shared.
 */
export class ReferenceBackend implements Backend {
  readonly info: BackendInfo = { name: "reference", instructionSet: "javascript", threads: 1 };

  createParameters(source: TensorSource): ReferenceParameters {
    return new ReferenceParameters(source);
  }

  compile(program: Program, parameters: ParameterSet): Executable {
    if (!(parameters instanceof ReferenceParameters)) {
      throw new BackendError("reference: these parameters belong to another backend; create them with this one.");
    }
    for (const parameter of program.parameters) parameters.load(parameter, typeOf(program, parameter));
    return new ReferenceExecutable(program, parameters);
  }

  async close(): Promise<void> {}
}

class ReferenceParameters implements ParameterSet {
  readonly #source: TensorSource;
  readonly #tensors = new Map<string, Float64Array>();

  constructor(source: TensorSource) {
    this.#source = source;
  }

  get bytes(): number {
    return [...this.#tensors.values()].reduce((sum, tensor) => sum + tensor.byteLength, 0);
  }

  /** The numbers of one parameter, its parts one after another, as `type` keeps them. */
  load({ parts, shape }: ProgramParameter, type: ElementType): Float64Array {
    const key = [type, ...parts].join("\n");
    const known = this.#tensors.get(key);
    if (known !== undefined) return known;
    const joined = new Float64Array(shape.reduce((a, b) => a * b, 1));
    let start = 0;
    for (const name of parts) {
      const stored = this.#source(name);
      const numbers = Float64Array.from(toFloat32(stored.type, stored.read()));
      const columns = shape.at(-1) as number;
      const scales = stored.scales?.();
      if (scales !== undefined)
        for (let i = 0; i < numbers.length; i++) numbers[i]! *= scales[Math.floor(i / columns)]!;
      if (scales === undefined || type !== "int8") narrowRows(numbers, columns, type);
      joined.set(numbers, start);
      start += numbers.length;
    }
    this.#tensors.set(key, joined);
    return joined;
  }

  close(): void {
    this.#tensors.clear();
  }
}

class ReferenceExecutable implements Executable {
  readonly #program: Program;
  readonly #parameters: ReferenceParameters;

  constructor(program: Program, parameters: ReferenceParameters) {
    this.#program = program;
    this.#parameters = parameters;
  }

  async run(inputs: RunInputs, sizes: Sizes, options: RunOptions = {}): Promise<RunOutputs> {
    const called = performance.now();
    checkInputs(this.#program, inputs, sizes);
    checkTimes(this.#program, options.times);
    const buffers = this.#allocate(inputs, sizes);
    let last = performance.now();
    for (const [i, step] of this.#program.steps.entries()) {
      options.signal?.throwIfAborted();
      if (options.times !== undefined) options.times[i] = performance.now() - called;
      runStep(this.#program, step, buffers, sizes);
      if (performance.now() - last > YIELD_AFTER) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        last = performance.now();
      }
    }
    if (options.times !== undefined) options.times[this.#program.steps.length] = performance.now() - called;
    const named = [...this.#program.outputs].map(([name, id]) => [
      name,
      Float32Array.from(buffers[id] as Float64Array),
    ]);
    return Object.fromEntries(named);
  }

  close(): void {}

  #allocate(inputs: RunInputs, sizes: Sizes): ArrayLike<number>[] {
    const parameters = new Map(this.#program.parameters.map((parameter) => [parameter.value, parameter]));
    return this.#program.values.map((value, id) => {
      if (value.place === "input") return inputs[value.name] as Int32Array;
      if (value.place === "constant") return value.data as Float32Array;
      if (value.place === "view") return [];
      const parameter = parameters.get(id);
      return parameter
        ? this.#parameters.load(parameter, value.type)
        : new Float64Array(rows(value, sizes) * columns(value));
    });
  }
}

function runStep(program: Program, step: Step, buffers: readonly ArrayLike<number>[], sizes: Sizes): void {
  const matrix = (id: number): Matrix<ArrayLike<number>> => {
    const value = program.values[id] as ProgramValue;
    const base = value.view ? (program.values[value.view.of] as ProgramValue) : value;
    return {
      data: buffers[value.view?.of ?? id] as ArrayLike<number>,
      start: value.view?.column ?? 0,
      rows: rows(value, sizes),
      columns: columns(value),
      stride: columns(base),
      type: value.type,
    };
  };
  const operands = (slots: object) => Object.fromEntries(Object.entries(slots).map(([slot, id]) => [slot, matrix(id)]));
  const kernel = REFERENCE_KERNELS[step.op] as (inputs: object, outputs: object, attributes: object) => void;
  kernel(operands(step.inputs), operands(step.outputs), step.attributes);
}

function typeOf(program: Program, { value }: ProgramParameter): ElementType {
  return (program.values[value] as ProgramValue).type;
}

function rows(value: ProgramValue, sizes: Sizes): number {
  return resolveDimension(asMatrix(value.shape).rows, sizes);
}

function columns(value: ProgramValue): number {
  return asMatrix(value.shape).columns;
}

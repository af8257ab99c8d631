/**
 * The seam between the engine and whatever executes its programs.
 *
 * A program is data: values with symbolic sizes, and steps that compute them. A backend compiles it once against a set
 * of parameters and runs it many times. Backends never see models, checkpoints or texts.
 */
import type { AttributesOf, InputSlot, OpName, OutputSlot } from "./op-table.ts";

/**
 * The sizes that only a run knows: `tokens` T and `texts` B of the packed batch; where a head needs them, `rows` S
 * (selected positions), `groups` G (choices, windows) and `pairs` P (the sum of length x length over the texts).
 */
export type SizeName = "tokens" | "texts" | "rows" | "groups" | "pairs";
/** A fixed size, a free one, or one more than a free one (the offsets of B texts are B + 1 numbers). */
export type Dimension = number | SizeName | `${SizeName}+1`;
/** The dimensions of a value; only the first may be free. */
export type Shape = readonly Dimension[];
/** The free sizes of one run: tokens, texts and the others that its program has. */
export type Sizes = { readonly [K in SizeName]?: number };

/** What weights may be kept in, the widest first. In int8 each row has a scale and its largest number is 127 steps of it. */
export const DTYPES = ["f32", "bf16", "int8"] as const;
/** What weights are kept in. */
export type Dtype = (typeof DTYPES)[number];
/** What a value's numbers are; parameters alone may be bf16 or int8. */
export type ElementType = Dtype | "i32";
/** How numbers are stored in files, and so arrive at `Backend.upload`. */
export type StoredType = "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "I16" | "I8" | "U8" | "BOOL";

/**
 * How a parameter lies in memory. `packed`: only multiplied with, in the order in which the backend's matmul reads it.
 * `rows`: row-major, because rows are gathered from it (a tied table is gathered from and multiplied with).
 */
export type Layout = "packed" | "rows";

/** A value of a program. Matrices are row-major; only the first dimension may be free. */
export interface ProgramValue {
  readonly shape: Shape;
  readonly type: ElementType;
  /** Where it lives. A `view` is a range of columns of another value and owns no memory. */
  readonly place: "constant" | "parameter" | "input" | "arena" | "output" | "view";
  /** Of constants, parameters, inputs and outputs; shown in errors for the others. */
  readonly name: string;
  /** place = "constant": the numbers. */
  readonly data?: Float32Array | Int32Array;
  /** place = "view": columns `column ... column + shape[1]` of value `of`, which is itself no view. */
  readonly view?: { readonly of: number; readonly column: number };
  /** place = "input", type = "i32": ids must lie in 0 ... bound - 1, a number or a size of the run; checked before it. */
  readonly bound?: number | SizeName;
  /** place = "input": these are ascending offsets from 0 to the number of `covers`; checked before a run. */
  readonly covers?: SizeName;
}

/** One operation. Inputs and outputs are value numbers; an optional input that is absent has no key. */
export type Step = { readonly [N in OpName]: StepOf<N> }[OpName];
export interface StepOf<N extends OpName> {
  readonly op: N;
  readonly inputs: { readonly [S in InputSlot<N>]?: number };
  readonly outputs: { readonly [S in OutputSlot<N>]: number };
  readonly attributes: AttributesOf<N>;
}

/** A parameter as the program asks for it: one tensor of the checkpoint, or several stacked by rows (fused QKV). */
export interface ProgramParameter {
  /** Names in the checkpoint; their rows follow one another. */
  readonly parts: readonly string[];
  readonly shape: readonly number[];
  readonly layout: Layout;
  readonly value: number;
}

/** Where each arena value lies for one set of sizes. Offsets and size are in bytes, offsets multiples of 64. */
export interface Plan {
  readonly bytes: number;
  /** By value number; -1 for values that do not live in the arena. */
  readonly offsets: Float64Array;
}

/** What a backend executes: values with symbolic sizes, and the steps that compute them. */
export interface Program {
  readonly values: readonly ProgramValue[];
  readonly steps: readonly Step[];
  readonly parameters: readonly ProgramParameter[];
  /** Value numbers by name. */
  readonly inputs: ReadonlyMap<string, number>;
  readonly outputs: ReadonlyMap<string, number>;
  /** The arena for these sizes. Plans are cached by size bucket, so asking twice is cheap. */
  plan(sizes: Sizes): Plan;
}

/**
 * A tensor as it stands in a checkpoint. `read` fetches its bytes, little-endian, row-major, when they are needed: into
 * the beginning of `target` where that is given (it must be large enough), else into memory of their own.
 */
export interface StoredTensor {
  readonly name: string;
  readonly type: StoredType;
  readonly shape: readonly number[];
  read(target?: Uint8Array): Uint8Array;
  /** Of I8 alone: a number is its integer times its row's scale. Absent where integers stand for themselves. */
  readonly scales?: (() => Float32Array) | undefined; // [rows]
}

/** Where a backend finds the tensors that a program's parameters name. */
export type TensorSource = (name: string) => StoredTensor;

/**
 * Parameters on a backend, shared by every program compiled against it: a tensor that two programs use in the same
 * layout is stored once.
 */
export interface ParameterSet {
  /** Bytes held. */
  readonly bytes: number;
  close(): void;
}

/** What a run is given, by the program's input names. */
export type RunInputs = { readonly [name: string]: Int32Array | Float32Array };
/** What a run returns, by the program's output names, row-major. */
export type RunOutputs = { readonly [name: string]: Float32Array };

/** How one run is carried out. */
export interface RunOptions {
  /** Looked at between steps. */
  readonly signal?: AbortSignal | undefined;
  /**
   * One number a step and one more, written by the time the run is done: when each step began and the last one ended, in
   * milliseconds since the call. Timing changes no result, and what is not asked for costs nothing.
   */
  readonly times?: Float64Array | undefined; // [steps + 1]
}

/** A program compiled against a set of parameters, ready to run. */
export interface Executable {
  /**
   * Runs the program. Concurrent calls queue. Inputs are checked (see `checkInputs`) and must not change until the
   * promise settles. Outputs are fresh arrays of exactly the program's shapes; two
   * names of one value share one.
   *
   * @throws BackendError when an input is missing, has the wrong length or an id out of range, or `times` has.
   * @throws the signal's reason, when it aborts: looked at between steps.
   */
  run(inputs: RunInputs, sizes: Sizes, options?: RunOptions): Promise<RunOutputs>;
  close(): void;
}

/** Which backend computes, with what. */
export interface BackendInfo {
  readonly name: BackendName;
  /** Instruction set in use, such as "avx512". */
  readonly instructionSet: string;
  readonly threads: number;
}

/** The backends there are, in the order in which they are chosen. */
export type BackendName = "native" | "wasm" | "reference";

/** How a backend is opened. */
export interface BackendOptions {
  /** Threads to compute with. Default: the physical cores that this process may use. */
  readonly threads?: number | undefined;
}

/** Something that executes programs: native, WebAssembly or the reference. */
export interface Backend {
  readonly info: BackendInfo;
  /** An empty set; `compile` fills it with what each program needs. */
  createParameters(source: TensorSource): ParameterSet;
  /** Checks and encodes the program and uploads the parameters that the set does not hold yet. */
  compile(program: Program, parameters: ParameterSet): Executable;
  /**
   * The operations a second that all threads reach in registers, on numbers of one type: what speeds are shares of. See
   * `NativeBackend.measurePeak`. Absent where there are no kernels to measure.
   */
  measurePeak?(rounds?: number, dtype?: Dtype): Promise<number>;
  /** Frees everything and joins the threads. Executables of a closed backend throw. */
  close(): Promise<void>;
}

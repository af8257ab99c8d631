import { physicalCores } from "#platform";
import { BackendError } from "../../errors.ts";
import {
  type Backend,
  type BackendInfo,
  type BackendOptions,
  DTYPES,
  type Dtype,
  type ElementType,
  type Executable,
  type ParameterSet,
  type Program,
  type TensorSource,
} from "../backend.ts";
import { checkProgram } from "../check-inputs.ts";
import { checkThreads } from "../check-threads.ts";
import { CompiledProgram } from "../compiled-program.ts";
import { ELEMENT_TYPES, encodeProgram } from "../encoding.ts";
import { ParameterStore, type TensorMemory, uploadConstants } from "../parameter-store.ts";
import { canShare, chooseVariant, type WasmVariant } from "./variant.ts";
import { WasmRunner } from "./wasm-runner.ts";
import { WasmWorkers } from "./wasm-workers.ts";

export interface WasmOptions extends BackendOptions {
  /** Default: the best that runs here. */
  readonly variant?: WasmVariant | undefined;
}

const PEAK_ROUNDS = 1_000_000;

/** A tensor in the workers' memory. */
interface WasmTensor {
  readonly id: number;
  readonly bytes: number;
}

/** The same kernels and interpreter as native, compiled to WebAssembly, in workers. Runs everywhere. */
export class WasmBackend implements Backend {
  readonly info: BackendInfo;
  readonly #workers: WasmWorkers;
  readonly #memory: TensorMemory<WasmTensor>;
  readonly #stores = new Set<ParameterStore<WasmTensor>>();
  #closing: Promise<void> | undefined;

  /** Use `WasmBackend.create`: starting workers takes a while. */
  private constructor(workers: WasmWorkers, variant: WasmVariant, threads: number) {
    this.#workers = workers;
    this.#memory = wasmMemory(workers);
    this.info = { name: "wasm", instructionSet: variant.relaxed ? "relaxed" : "simd", threads };
  }

  /**
   * Starts the workers. Without shared memory there is one thread.
   *
   * @throws BackendError when the modules were not built, or a worker does not start.
   */
  static async create(options: WasmOptions = {}): Promise<WasmBackend> {
    const wanted = checkThreads(options.threads ?? physicalCores());
    const variant = options.variant ?? chooseVariant(wanted);
    if (variant.shared && !canShare()) throw new BackendError("wasm: this page is not cross-origin isolated.");
    const threads = variant.shared ? wanted : 1;
    const workers = new WasmWorkers(threads);
    try {
      await workers.start(variant);
    } catch (error) {
      await workers.terminate(new BackendError("wasm: the workers did not start."));
      if (error instanceof BackendError) throw error;
      throw new BackendError(`The WebAssembly backend does not start: ${(error as Error).message}`, { cause: error });
    }
    return new WasmBackend(workers, variant, threads);
  }

  /** As `NativeBackend.measurePeak`; 1,000,000 rounds by default. */
  async measurePeak(rounds = PEAK_ROUNDS, dtype: Dtype = "f32"): Promise<number> {
    const limit = DTYPES.indexOf(dtype);
    const reply = await this.#workers.ask({ kind: "peak", id: this.#workers.newId(), limit, rounds });
    return reply.kind === "peak" ? reply.perSecond : Number.NaN;
  }

  createParameters(source: TensorSource): ParameterSet {
    this.#checkOpen();
    const store = new ParameterStore(this.#memory, source);
    this.#stores.add(store);
    return store;
  }

  /** Returns at once; what goes wrong in the workers, such as memory that is out, is reported by the first run. */
  compile(program: Program, parameters: ParameterSet): Executable {
    this.#checkOpen();
    const store = parameters as ParameterStore<WasmTensor>;
    if (!this.#stores.has(store)) throw new BackendError("wasm: these parameters are another backend's.");
    if (store.isClosed) throw new BackendError("wasm: these parameters are closed.");
    checkProgram(program);
    const tensors = store.load(program);
    const constants = uploadConstants(this.#memory, program, tensors);
    const id = this.#workers.newId();
    const ids = Int32Array.from(tensors, (tensor) => tensor?.id ?? -1);
    this.#workers.send({ kind: "compile", id, words: encodeProgram(program), tensors: ids });
    return new CompiledProgram("wasm", program, new WasmRunner(this.#workers, id, constants), store.users);
  }

  async close(): Promise<void> {
    this.#closing ??= this.#workers.terminate(new BackendError("wasm: the backend was closed during the run."));
    for (const store of this.#stores) store.close();
    this.#stores.clear();
    await this.#closing;
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new BackendError("wasm: this backend is closed.");
  }
}

/** In int8 a row has a scale and a sum besides. */
function bytesOfRow(type: ElementType, columns: number): number {
  if (type === "bf16") return 2 * columns;
  return type === "int8" ? columns + 8 : 4 * columns;
}

function wasmMemory(workers: WasmWorkers): TensorMemory<WasmTensor> {
  return {
    create: (name, rows, columns, type, layout) => {
      const id = workers.newId();
      workers.send({ kind: "createTensor", id, name, rows, columns, type, layout });
      return { id, bytes: bytesOfRow(ELEMENT_TYPES[type] as ElementType, columns) * rows }; // without any padding
    },
    fill: ({ id }, from, to, storedType, bytes, scales) => {
      const copy = bytes.slice();
      workers.send({ kind: "fillTensor", id, from, to, storedType, bytes: copy, scales }, [copy.buffer]);
    },
    bytesOf: ({ bytes }) => bytes,
    release: ({ id }) => workers.send({ kind: "releaseTensor", id }),
  };
}

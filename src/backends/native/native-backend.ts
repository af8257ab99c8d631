import { environmentVariable, physicalCores } from "#platform";
import { BackendError } from "../../errors.ts";
import type {
  Backend,
  BackendInfo,
  BackendOptions,
  Dtype,
  Executable,
  ParameterSet,
  Program,
  TensorSource,
} from "../backend.ts";
import { checkProgram } from "../check-inputs.ts";
import { checkThreads } from "../check-threads.ts";
import { CompiledProgram } from "../compiled-program.ts";
import { encodeProgram } from "../encoding.ts";
import { ParameterStore, type TensorMemory, uploadConstants } from "../parameter-store.ts";
import { type Addon, type DeviceHandle, LIMITS, loadNativeAddon, type TensorHandle } from "./addon.ts";
import { NativeRunner } from "./native-runner.ts";

export interface NativeOptions extends BackendOptions {
  /** Default: `CLOZE_INSTRUCTION_SET`, else the best that the processor runs. */
  readonly instructionSet?: string | undefined;
}

/** Long enough that the clock rises to what a loop without memory allows. */
const PEAK_ROUNDS = 2_000_000;
const READING_ROUNDS = 8;

/** C++ kernels in this process, on threads of their own. */
export class NativeBackend implements Backend {
  readonly info: BackendInfo;
  readonly #addon: Addon;
  readonly #device: DeviceHandle;
  readonly #memory: TensorMemory<TensorHandle>;
  readonly #stores = new Set<ParameterStore<TensorHandle>>();
  #closing: Promise<void> | undefined;

  /** @throws BackendError when the addon is not there, or the processor lacks the instruction set. */
  constructor(options: NativeOptions = {}) {
    this.#addon = loadNativeAddon();
    const known = this.#addon.instructionSets();
    const instructionSet =
      options.instructionSet ?? environmentVariable("CLOZE_INSTRUCTION_SET") ?? (known[0] as string);
    if (!known.includes(instructionSet)) {
      throw new BackendError(`Instruction set "${instructionSet}" is none of this processor's: ${known.join(", ")}.`);
    }
    const threads = checkThreads(options.threads ?? physicalCores());
    this.#device = this.#addon.createDevice(instructionSet, threads);
    this.#memory = nativeMemory(this.#addon, this.#device);
    this.info = { name: "native", instructionSet, threads };
  }

  /** Features of the processor that matter to kernels, space-separated. */
  get processorFeatures(): string {
    return this.#addon.processorFeatures();
  }

  /**
   * The operations a second that all threads reach in registers, on numbers of one type: what speeds are shares of.
   *
   * Processors lower their clock while products run, and raise it a millisecond after: a few rounds right after work
   * tell what that work could have reached, many rounds what the multipliers reach alone.
   *
   * @param rounds how long to measure: each thread makes 8 x `rounds` steps of all its sums. Default 2,000,000, about
   *   60 ms in f32.
   */
  measurePeak(rounds = PEAK_ROUNDS, dtype: Dtype = "f32"): Promise<number> {
    return this.#addon.peak(this.#device, LIMITS.indexOf(dtype), rounds);
  }

  /** The bytes a second that all threads read together, of 256 MB, eight times over. */
  measureReading(): Promise<number> {
    return this.#addon.peak(this.#device, LIMITS.indexOf("memory"), READING_ROUNDS);
  }

  createParameters(source: TensorSource): ParameterSet {
    this.#checkOpen();
    const store = new ParameterStore(this.#memory, source);
    this.#stores.add(store);
    return store;
  }

  compile(program: Program, parameters: ParameterSet): Executable {
    this.#checkOpen();
    const store = parameters as ParameterStore<TensorHandle>;
    if (!this.#stores.has(store)) throw new BackendError("native: these parameters are another backend's.");
    if (store.isClosed) throw new BackendError("native: these parameters are closed.");
    checkProgram(program);
    const tensors = store.load(program);
    const constants = uploadConstants(this.#memory, program, tensors);
    const handle = this.#addon.compile(this.#device, encodeProgram(program), tensors);
    for (const constant of constants) this.#memory.release(constant); // the executable holds them now
    return new CompiledProgram("native", program, new NativeRunner(this.#addon, this.#device, handle), store.users);
  }

  async close(): Promise<void> {
    this.#closing ??= this.#addon.closeDevice(this.#device);
    for (const store of this.#stores) store.close();
    this.#stores.clear();
    await this.#closing;
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new BackendError("native: this backend is closed.");
  }
}

function nativeMemory(addon: Addon, device: DeviceHandle): TensorMemory<TensorHandle> {
  return {
    create: (name, rows, columns, type, layout) => {
      try {
        return addon.createTensor(device, rows, columns, type, layout);
      } catch (error) {
        throw new BackendError(`native: no room for "${name}": ${(error as Error).message}`, { cause: error });
      }
    },
    fill: (tensor, from, to, storedType, bytes, scales) =>
      addon.fillTensor(device, tensor, from, to, storedType, bytes, scales),
    bytesOf: (tensor) => addon.tensorBytes(tensor),
    release: (tensor) => addon.release(tensor),
  };
}

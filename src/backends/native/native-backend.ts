import { environmentVariable, physicalCores } from "#platform";
import { BackendError } from "../../errors.ts";
import type { Backend, BackendInfo, BackendOptions, Executable, ParameterSet, Program, TensorSource } from "../backend.ts";
import { checkProgram } from "../check-inputs.ts";
import { ELEMENT_TYPES, encodeProgram, LAYOUTS, STORED_TYPES } from "../encoding.ts";
import { asMatrix } from "../shape.ts";
import { type Addon, type DeviceHandle, loadNativeAddon, type TensorHandle } from "./addon.ts";
import { NativeExecutable } from "./native-executable.ts";
import { NativeParameters } from "./native-parameters.ts";

export interface NativeOptions extends BackendOptions {
  /** Default: `CLOZE_INSTRUCTION_SET`, else the best that the processor runs. */
  readonly instructionSet?: string | undefined;
}

/** C++ kernels in this process, on threads of their own. */
export class NativeBackend implements Backend {
  readonly info: BackendInfo;
  readonly #addon: Addon;
  readonly #device: DeviceHandle;
  readonly #open = new Set<{ close(): void }>();
  #closing: Promise<void> | undefined;

  /** @throws BackendError when the addon is not there, or the processor lacks the instruction set. */
  constructor(options: NativeOptions = {}) {
    this.#addon = loadNativeAddon();
    const sets = this.#addon.instructionSets();
    const instructionSet = options.instructionSet ?? environmentVariable("CLOZE_INSTRUCTION_SET") ?? (sets[0] as string);
    if (!sets.includes(instructionSet)) {
      throw new BackendError(`native: instruction set "${instructionSet}" is not for this processor; known: ${sets.join(", ")}.`);
    }
    const threads = options.threads ?? physicalCores();
    if (!Number.isInteger(threads) || threads < 1 || threads > 1024) {
      throw new BackendError(`native: ${threads} threads; expected an integer from 1 to 1024.`);
    }
    this.#device = this.#addon.createDevice(instructionSet, threads);
    this.info = { name: "native", instructionSet, threads };
  }

  /** Features of the processor that matter to kernels. */
  get processorFeatures(): string {
    return this.#addon.processorFeatures();
  }

  /** The f32 operations a second that all threads reach in registers: what speeds are shares of. */
  measurePeak(): Promise<number> {
    return this.#addon.peak(this.#device, 20_000_000);
  }

  createParameters(source: TensorSource): NativeParameters {
    this.#checkOpen();
    const parameters = new NativeParameters(this.#addon, this.#device, source);
    this.#open.add(parameters);
    return parameters;
  }

  compile(program: Program, parameters: ParameterSet): Executable {
    this.#checkOpen();
    if (!(parameters instanceof NativeParameters) || !this.#open.has(parameters)) {
      throw new BackendError("native: these parameters belong to another backend; create them with this one.");
    }
    checkProgram(program);
    const tensors = new Array<TensorHandle | undefined>(program.values.length).fill(undefined);
    for (const parameter of program.parameters) {
      const value = program.values[parameter.value];
      if (value !== undefined) tensors[parameter.value] = parameters.load(parameter, value);
    }
    const constants = this.#uploadConstants(program, tensors);
    const handle = this.#addon.compile(this.#device, encodeProgram(program), tensors);
    for (const constant of constants) this.#addon.release(constant); // the executable holds them now
    const executable = new NativeExecutable(this.#addon, this.#device, program, handle);
    parameters.addUser(executable);
    return executable;
  }

  async close(): Promise<void> {
    this.#closing ??= this.#addon.closeDevice(this.#device);
    for (const open of this.#open) open.close();
    this.#open.clear();
    await this.#closing;
  }

  #uploadConstants(program: Program, tensors: (TensorHandle | undefined)[]): TensorHandle[] {
    return program.values.flatMap((value, id) => {
      if (value.place !== "constant" || value.data === undefined) return [];
      const { data } = value;
      const { columns, rows } = asMatrix(value.shape);
      const type = ELEMENT_TYPES.indexOf(value.type);
      const tensor = this.#addon.createTensor(this.#device, rows as number, columns, type, LAYOUTS.indexOf("rows"));
      const stored = STORED_TYPES.indexOf(data instanceof Int32Array ? "I32" : "F32");
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      this.#addon.fillTensor(this.#device, tensor, 0, rows as number, stored, bytes);
      tensors[id] = tensor;
      return [tensor];
    });
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new BackendError("native: this backend is closed.");
  }
}

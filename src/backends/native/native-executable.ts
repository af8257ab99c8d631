import { BackendError } from "../../errors.ts";
import type { Executable, Program, RunInputs, RunOutputs, Sizes } from "../backend.ts";
import { checkInputs } from "../check-inputs.ts";
import { encodeSizes } from "../encoding.ts";
import { resolveDimension } from "../shape.ts";
import { type Addon, type DeviceHandle, type ExecutableHandle, STATUS } from "./addon.ts";

let lastRun = 0;

/** A program that the addon walks on the device's own threads. */
export class NativeExecutable implements Executable {
  readonly #addon: Addon;
  readonly #device: DeviceHandle;
  readonly #program: Program;
  #handle: ExecutableHandle | undefined;

  constructor(addon: Addon, device: DeviceHandle, program: Program, handle: ExecutableHandle) {
    this.#addon = addon;
    this.#device = device;
    this.#program = program;
    this.#handle = handle;
  }

  async run(inputs: RunInputs, sizes: Sizes, options: { signal?: AbortSignal | undefined } = {}): Promise<RunOutputs> {
    const { signal } = options;
    signal?.throwIfAborted();
    if (this.#handle === undefined) throw new BackendError("native: this executable is closed.");
    checkInputs(this.#program, inputs, sizes);
    const outputs = allocateOutputs(this.#program, sizes);
    lastRun = (lastRun + 1) % 2 ** 32;
    const id = lastRun;
    const abort = () => this.#addon.abort(this.#device, id);
    const done = this.#start(this.#handle, id, inputs, sizes, [...outputs.values()]);
    signal?.addEventListener("abort", abort, { once: true });
    const status = await done;
    signal?.removeEventListener("abort", abort);
    if (status === STATUS.aborted) throw signal?.reason;
    if (status === STATUS.closed) throw new BackendError("native: the backend was closed during the run.");
    if (status === STATUS.noMemory) throw new BackendError("native: not enough memory for a batch of this size.");
    return Object.fromEntries(outputs);
  }

  #start(handle: ExecutableHandle, id: number, inputs: RunInputs, sizes: Sizes, outputs: Float32Array[]) {
    const { bytes, offsets } = this.#program.plan(sizes);
    const ordered = [...this.#program.inputs.keys()].map((name) => inputs[name] as Int32Array);
    try {
      return this.#addon.run(handle, id, encodeSizes(sizes), offsets, bytes, ordered, outputs);
    } catch (error) {
      throw new BackendError(`native: ${(error as Error).message}`, { cause: error });
    }
  }

  /** A run under way goes on to its end. */
  close(): void {
    if (this.#handle !== undefined) this.#addon.release(this.#handle);
    this.#handle = undefined;
  }
}

/** Fresh arrays of the outputs' shapes, in the program's order. */
function allocateOutputs(program: Program, sizes: Sizes): Map<string, Float32Array> {
  const length = (id: number) =>
    program.values[id]?.shape.reduce<number>((product, dimension) => product * resolveDimension(dimension, sizes), 1) ?? 0;
  return new Map([...program.outputs].map(([name, id]) => [name, new Float32Array(length(id))]));
}

import { BackendError } from "../../errors.ts";
import type { RunOptions } from "../backend.ts";
import type { OrderedRun, ProgramRunner } from "../compiled-program.ts";
import { type Addon, type DeviceHandle, type ExecutableHandle, STATUS } from "./addon.ts";

let lastRun = 0;

/** Runs of one compiled program on the device's own threads. */
export class NativeRunner implements ProgramRunner {
  readonly #addon: Addon;
  readonly #device: DeviceHandle;
  readonly #executable: ExecutableHandle;

  constructor(addon: Addon, device: DeviceHandle, executable: ExecutableHandle) {
    this.#addon = addon;
    this.#device = device;
    this.#executable = executable;
  }

  async run(run: OrderedRun, { signal, times }: RunOptions): Promise<Float32Array[]> {
    lastRun = (lastRun + 1) % 2 ** 32;
    const id = lastRun;
    const outputs = run.outputs.map((length) => new Float32Array(length));
    const done = this.#start(id, run, outputs, times);
    const abort = () => this.#addon.abort(this.#device, id);
    signal?.addEventListener("abort", abort, { once: true });
    const status = await done;
    signal?.removeEventListener("abort", abort);
    if (status === STATUS.aborted) throw signal?.reason;
    if (status === STATUS.closed) throw new BackendError("native: the backend was closed during the run.");
    if (status === STATUS.noMemory) throw new BackendError("native: not enough memory for a batch of this size.");
    return outputs;
  }

  release(): void {
    this.#addon.release(this.#executable);
  }

  #start(
    id: number,
    run: OrderedRun,
    outputs: readonly Float32Array[],
    times: Float64Array | undefined,
  ): Promise<number> {
    const { sizes, offsets, arenaBytes, inputs } = run;
    try {
      return this.#addon.run(this.#executable, id, sizes, offsets, arenaBytes, inputs, outputs, times);
    } catch (error) {
      throw new BackendError(`native: ${(error as Error).message}`, { cause: error });
    }
  }
}

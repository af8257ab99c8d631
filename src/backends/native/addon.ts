import { loadAddon, machineName } from "#platform";
import { BackendError } from "../../errors.ts";

/** Something in native memory. Freed by `release`, or with the handle. */
export interface Handle<K extends string> {
  readonly kind: K;
}
export type DeviceHandle = Handle<"device">;
export type TensorHandle = Handle<"tensor">;
export type ExecutableHandle = Handle<"executable">;

/** What a run's promise resolves to; the numbers of `Status` in kernels/interpreter.h. */
export const STATUS = { done: 0, aborted: 1, closed: 2, noMemory: 3 } as const;

/** What can be measured of a machine; the numbers of `LIMIT_*` in kernels/peak.h. */
export const LIMITS = ["f32", "bf16", "int8", "memory"] as const;

/** The functions of kernels/node_door.cc. All check what they are given and throw plain errors. */
export interface Addon {
  /** Instruction sets with kernels that this processor runs, best first. */
  instructionSets(): string[];
  /** Features of the processor that matter to kernels, space-separated. */
  processorFeatures(): string;
  createDevice(instructionSet: string | undefined, threads: number): DeviceHandle;
  /** Runs that wait or go on end with `STATUS.closed`; resolves when the threads are gone. */
  closeDevice(device: DeviceHandle): Promise<void>;
  /** `type` and `layout` by their index in the lists of encoding.ts. */
  createTensor(device: DeviceHandle, rows: number, columns: number, type: number, layout: number): TensorHandle;
  tensorBytes(tensor: TensorHandle): number;
  /** Rows `from` to `to` from their stored form, row-major; `storedType` by its index in STORED_TYPES; `scales` of the rows. */
  fillTensor(
    device: DeviceHandle,
    tensor: TensorHandle,
    from: number,
    to: number,
    storedType: number,
    bytes: Uint8Array,
    scales: Float32Array | undefined,
  ): void;
  /** `tensors` by value number. */
  compile(device: DeviceHandle, words: Int32Array, tensors: readonly (TensorHandle | undefined)[]): ExecutableHandle;
  /**
   * Inputs are copied before it returns; outputs and `times` (as `RunOptions` has them) are written until the promise
   * settles. Resolves to a status.
   */
  run(
    executable: ExecutableHandle,
    id: number,
    sizes: Int32Array,
    offsets: Float64Array,
    arenaBytes: number,
    inputs: readonly (Int32Array | Float32Array)[],
    outputs: readonly Float32Array[],
    times: Float64Array | undefined,
  ): Promise<number>;
  /** Ends the run of that id before its next step, with `STATUS.aborted`. */
  abort(device: DeviceHandle, id: number): void;
  /** What all threads can do: operations a second of multiply-adds in registers, or bytes read; by index in `LIMITS`. */
  peak(device: DeviceHandle, limit: number, rounds: number): Promise<number>;
  release(handle: DeviceHandle | TensorHandle | ExecutableHandle): void;
}

/**
 * The addon for this machine.
 *
 * @throws BackendError when there is none, or it does not load.
 */
export function loadNativeAddon(): Addon {
  const url = new URL(`../../../prebuilds/${machineName()}/cloze.node`, import.meta.url);
  try {
    return loadAddon(url) as Addon;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BackendError(`The native backend is not there for ${machineName()}: ${reason}`, { cause: error });
  }
}

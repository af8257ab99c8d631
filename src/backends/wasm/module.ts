/** What the WebAssembly module exports; kernels/wasm_door.cc says more. Pointers are byte offsets, 0 for none. */
export interface WasmExports {
  readonly __stack_pointer: WebAssembly.Global;
  start(threads: number): void;
  help(thread: number): void;
  allocate(bytes: number): number;
  release(memory: number): void;
  createTensor(rows: number, columns: number, type: number, layout: number): number;
  fillTensor(tensor: number, from: number, to: number, storedType: number, source: number, scales: number): number;
  releaseTensor(tensor: number): void;
  compile(words: number, count: number, tensors: number): number;
  releaseProgram(program: number): void;
  steps(program: number): number;
  bind(
    program: number,
    sizes: number,
    offsets: number,
    arena: number,
    arenaBytes: number,
    inputs: number,
    outputs: number,
  ): number;
  execute(program: number, from: number, to: number): void;
  /** `limit`: by its index in DTYPES. */
  peak(limit: number, rounds: number): number;
}

const PAGE = 65536;
const INITIAL_PAGES = 32;

/**
 * Memory that grows to 4 GiB or, where a shared memory of that size cannot be reserved, to what can.
 *
 * @throws RangeError when not even 256 MiB can be reserved.
 */
export function createMemory(shared: boolean): WebAssembly.Memory {
  for (let maximum = 2 ** 32 / PAGE; ; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum, shared });
    } catch (error) {
      if (maximum * PAGE <= 2 ** 28) throw error;
    }
  }
}

export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): WasmExports {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as WasmExports;
}

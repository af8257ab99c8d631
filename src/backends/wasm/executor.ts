import { nextMessages } from "#platform";
import type { LeadCommand, QueuedCommand, RunCommand, WasmReply } from "./messages.ts";
import type { WasmExports } from "./module.ts";

/** Longest stretch of work, in milliseconds, before an abort that has arrived meanwhile is looked at. */
const SLICE = 8;
const OUT_OF_MEMORY = "WebAssembly has no more memory (4 GiB at most)";

type Reply = (reply: WasmReply, transfer?: readonly ArrayBuffer[]) => void;

/** Does commands one after another, inside the worker that leads. */
export class WasmExecutor {
  readonly #wasm: WasmExports;
  readonly #memory: WebAssembly.Memory;
  readonly #reply: Reply;
  readonly #queue: QueuedCommand[] = [];
  readonly #aborted = new Set<number>();
  /** Pointers by id; a string says why there is none, which a run that needs it will report. */
  readonly #tensors = new Map<number, number | string>();
  readonly #programs = new Map<number, number | string>();
  readonly #arena: Block;
  readonly #staging: Block;
  #busy = false;
  #lastLook = 0;

  constructor(wasm: WasmExports, memory: WebAssembly.Memory, reply: Reply) {
    this.#wasm = wasm;
    this.#memory = memory;
    this.#reply = reply;
    this.#arena = new Block(wasm);
    this.#staging = new Block(wasm);
  }

  receive(command: LeadCommand): void {
    if (command.kind === "abort") this.#aborted.add(command.id);
    else this.#queue.push(command);
    if (!this.#busy) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    for (let command = this.#queue.shift(); command !== undefined; command = this.#queue.shift()) {
      try {
        await this.#lookForMessages();
        await this.#execute(command);
      } catch (error) {
        this.#reply({ kind: "failed", id: command.id, reason: error instanceof Error ? error.message : String(error) });
      }
    }
    this.#aborted.clear(); // whatever is left came too late
    this.#busy = false;
  }

  /** Lets commands in that have arrived meanwhile, now and then: among them may be an abort. */
  async #lookForMessages(): Promise<void> {
    if (performance.now() - this.#lastLook <= SLICE) return;
    await nextMessages();
    this.#lastLook = performance.now();
  }

  async #execute(command: QueuedCommand): Promise<void> {
    if (command.kind === "run") return this.#run(command);
    if (command.kind === "createTensor") {
      const { rows, columns, type, layout, id, name } = command;
      this.#tensors.set(id, this.#wasm.createTensor(rows, columns, type, layout) || `${OUT_OF_MEMORY} for "${name}"`);
    } else if (command.kind === "fillTensor") {
      this.#fill(command);
    } else if (command.kind === "compile") {
      this.#programs.set(command.id, this.#compile(command.words, command.tensors));
    } else if (command.kind === "releaseTensor") {
      this.#releaseFrom(this.#tensors, command.id, this.#wasm.releaseTensor);
    } else if (command.kind === "releaseProgram") {
      this.#releaseFrom(this.#programs, command.id, this.#wasm.releaseProgram);
    } else {
      const started = performance.now();
      const operations = this.#wasm.peak(command.limit, command.rounds);
      const perSecond = (1000 * operations) / (performance.now() - started);
      this.#reply({ kind: "peak", id: command.id, perSecond });
    }
  }

  #fill({ id, from, to, storedType, bytes, scales }: Extract<QueuedCommand, { kind: "fillTensor" }>): void {
    const tensor = this.#tensors.get(id);
    if (typeof tensor !== "number") return;
    const before = scales === undefined ? 0 : Math.ceil(scales.byteLength / 64) * 64;
    const source = this.#wasm.allocate(before + bytes.byteLength);
    if (source !== 0) {
      new Uint8Array(this.#memory.buffer).set(bytes, (source >>> 0) + before);
      if (scales !== undefined) new Float32Array(this.#memory.buffer).set(scales, (source >>> 0) / 4);
    }
    const given = scales === undefined ? 0 : source;
    const filled = source !== 0 && this.#wasm.fillTensor(tensor, from, to, storedType, source + before, given) !== 0;
    if (source !== 0) this.#wasm.release(source);
    if (filled) return;
    this.#wasm.releaseTensor(tensor);
    this.#tensors.set(id, OUT_OF_MEMORY);
  }

  #compile(words: Int32Array, tensors: Int32Array): number | string {
    const pointers = Array.from(tensors, (id) => (id < 0 ? 0 : (this.#tensors.get(id) ?? "a tensor was released")));
    const missing = pointers.find((pointer) => typeof pointer === "string");
    if (missing !== undefined) return missing;
    const block = this.#staging.reserve(words.byteLength + 4 * pointers.length);
    if (block === 0) return OUT_OF_MEMORY;
    const table = block + words.byteLength;
    new Int32Array(this.#memory.buffer).set(words, block / 4);
    new Int32Array(this.#memory.buffer).set(pointers as number[], table / 4);
    return this.#wasm.compile(block, words.length, table) || "the program is not this module's, or memory is out";
  }

  #releaseFrom(map: Map<number, number | string>, id: number, release: (pointer: number) => void): void {
    const pointer = map.get(id);
    if (typeof pointer === "number") release(pointer);
    map.delete(id);
  }

  async #run(command: RunCommand): Promise<void> {
    const { id } = command;
    const program = this.#programs.get(command.program);
    if (typeof program !== "number") throw new Error(program ?? "the program was released");
    const outputs = this.#bind(program, command);
    const steps = this.#wasm.steps(program);
    const times = new Float64Array(command.isTimed ? steps + 1 : 0);
    for (let step = 0; step < steps; step++) {
      await this.#lookForMessages();
      if (this.#aborted.delete(id)) return this.#reply({ kind: "aborted", id });
      if (command.isTimed) times[step] = performance.timeOrigin + performance.now();
      this.#wasm.execute(program, step, step + 1);
    }
    if (command.isTimed) times[steps] = performance.timeOrigin + performance.now();
    const results = outputs.map(({ pointer, length }) => {
      const result = new Float32Array(length);
      result.set(new Float32Array(this.#memory.buffer, pointer, length));
      return result;
    });
    this.#reply(
      { kind: "done", id, outputs: results, times },
      results.map((result) => result.buffer),
    );
  }

  /** Copies the inputs in and points the program at them, its arena and its outputs; says where those lie. */
  #bind(program: number, command: RunCommand): { pointer: number; length: number }[] {
    const { sizes, offsets, arenaBytes, inputs } = command;
    const layout = new StagingLayout();
    const sizesAt = layout.add(sizes.byteLength);
    const offsetsAt = layout.add(offsets.byteLength);
    const inputTable = layout.add(4 * inputs.length);
    const outputTable = layout.add(4 * command.outputs.length);
    const inputsAt = inputs.map((input) => layout.add(input.byteLength));
    const outputsAt = command.outputs.map((length) => layout.add(4 * length));
    const arena = this.#arena.reserve(arenaBytes);
    const base = this.#staging.reserve(layout.bytes);
    if (arena === 0 || base === 0) throw new Error(`${OUT_OF_MEMORY} for a batch of this size`);
    const words = new Int32Array(this.#memory.buffer);
    words.set(sizes, (base + sizesAt) / 4);
    new Float64Array(this.#memory.buffer).set(offsets, (base + offsetsAt) / 8);
    words.set(
      inputsAt.map((at) => base + at),
      (base + inputTable) / 4,
    );
    words.set(
      outputsAt.map((at) => base + at),
      (base + outputTable) / 4,
    );
    const floats = new Float32Array(this.#memory.buffer);
    inputs.forEach((input, i) => {
      const at = (base + (inputsAt[i] as number)) / 4;
      (input instanceof Int32Array ? words : floats).set(input, at);
    });
    const [inputPointers, outputPointers] = [base + inputTable, base + outputTable];
    const status = this.#wasm.bind(
      program,
      base + sizesAt,
      base + offsetsAt,
      arena,
      arenaBytes,
      inputPointers,
      outputPointers,
    );
    if (status !== 0) throw new Error(`${OUT_OF_MEMORY} for a batch of this size`);
    return command.outputs.map((length, i) => ({ pointer: base + (outputsAt[i] as number), length }));
  }
}

/** Memory that is kept from run to run and grows when a run needs more. */
class Block {
  readonly #wasm: WasmExports;
  #pointer = 0;
  #bytes = 0;

  constructor(wasm: WasmExports) {
    this.#wasm = wasm;
  }

  /** Its address, at least `bytes` long; 0 when there is no memory. What it held is lost when it grows. */
  reserve(bytes: number): number {
    if (this.#pointer !== 0 && bytes <= this.#bytes) return this.#pointer;
    if (this.#pointer !== 0) this.#wasm.release(this.#pointer);
    this.#pointer = this.#wasm.allocate(bytes) >>> 0; // pointers above 2 GiB come as negative numbers
    this.#bytes = bytes;
    return this.#pointer;
  }
}

/** Places arrays one after another, each aligned to 64 bytes. */
class StagingLayout {
  bytes = 0;

  add(bytes: number): number {
    const at = this.bytes;
    this.bytes += Math.ceil(bytes / 64) * 64;
    return at;
  }
}

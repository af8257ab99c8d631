import { byteLength } from "../checkpoints/stored-types.ts";
import { BackendError } from "../errors.ts";
import type { ParameterSet, Program, ProgramParameter, ProgramValue, StoredTensor, TensorSource } from "./backend.ts";
import type { CompiledProgram } from "./compiled-program.ts";
import { ELEMENT_TYPES, LAYOUTS, STORED_TYPES } from "./encoding.ts";
import { asMatrix } from "./shape.ts";

/** Where native and wasm keep tensors; T is their handle of one. */
export interface TensorMemory<T> {
  /** `type` and `layout` by their index in the lists of encoding.ts; `name` is for errors. */
  create(name: string, rows: number, columns: number, type: number, layout: number): T;
  /**
   * Rows `from` to `to` in their stored form, row-major; `storedType` by its index in STORED_TYPES; `scales` of these
   * rows, where the numbers are multiples of them.
   */
  fill(tensor: T, from: number, to: number, storedType: number, bytes: Uint8Array, scales?: Float32Array): void;
  bytesOf(tensor: T): number;
  release(tensor: T): void;
}

/** Parameters in a backend's memory, each tensor once a layout. What is compiled against the set is closed with it. */
export class ParameterStore<T> implements ParameterSet {
  /** The executables that read these tensors. */
  readonly users = new Set<CompiledProgram>();
  readonly #memory: TensorMemory<T>;
  readonly #source: TensorSource;
  readonly #tensors = new Map<string, T>();
  /** Every tensor is read through it, so that loading leaves no garbage of the weights' own size. */
  #buffer: Uint8Array | undefined;
  #closed = false;

  constructor(memory: TensorMemory<T>, source: TensorSource) {
    this.#memory = memory;
    this.#source = source;
  }

  get bytes(): number {
    return [...this.#tensors.values()].reduce((sum, tensor) => sum + this.#memory.bytesOf(tensor), 0);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** The tensors of a program's parameters, by value number: those not there yet are read, converted and packed. */
  load(program: Program): (T | undefined)[] {
    const tensors = new Array<T | undefined>(program.values.length).fill(undefined);
    for (const parameter of program.parameters) {
      tensors[parameter.value] = this.#load(parameter, program.values[parameter.value] as ProgramValue);
    }
    this.#buffer = undefined;
    return tensors;
  }

  close(): void {
    this.#closed = true;
    for (const user of this.users) user.close();
    for (const tensor of this.#tensors.values()) this.#memory.release(tensor);
    this.#tensors.clear();
  }

  #load(parameter: ProgramParameter, { type }: ProgramValue): T {
    const { parts, shape, layout } = parameter;
    const key = [type, layout, shape.join(), ...parts].join("\n");
    const known = this.#tensors.get(key);
    if (known !== undefined) return known;
    const stored = shape.length === 1 ? [joinVectors(parts.map(this.#source))] : parts.map(this.#source);
    const places = placeRows(parameter, stored);
    const { rows, columns } = asMatrix(shape);
    const name = parts.join('", "');
    const tensor = this.#memory.create(
      name,
      rows as number,
      columns,
      ELEMENT_TYPES.indexOf(type),
      LAYOUTS.indexOf(layout),
    );
    stored.forEach((part, i) => {
      const { from, to } = places[i] as { from: number; to: number };
      const bytes = part.read(this.#bufferFor(part));
      this.#memory.fill(tensor, from, to, STORED_TYPES.indexOf(part.type), bytes, part.scales?.());
    });
    this.#tensors.set(key, tensor);
    return tensor;
  }

  #bufferFor({ type, shape }: StoredTensor): Uint8Array {
    const bytes = byteLength(type, shape);
    if (this.#buffer === undefined || this.#buffer.length < bytes) this.#buffer = new Uint8Array(bytes);
    return this.#buffer;
  }
}

/** Vectors one after another as one: a vector is a single row, which parts cannot fill by rows. */
function joinVectors(parts: readonly StoredTensor[]): StoredTensor {
  const [first] = parts as [StoredTensor];
  if (parts.length === 1) return first;
  if (parts.some(({ type }) => type !== first.type)) {
    const found = parts.map(({ name, type }) => `"${name}" (${type})`).join(", ");
    throw new BackendError(`${found} are stored in different types; expected one, since they are kept as one vector.`);
  }
  const shape = [parts.reduce((sum, part) => sum + (part.shape[0] ?? 0), 0)];
  const name = parts.map((part) => part.name).join('", "');
  return { name, type: first.type, shape, read: () => joinBytes(parts.map((part) => part.read())) };
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const part of parts) {
    joined.set(part, position);
    position += part.length;
  }
  return joined;
}

/** Which rows each part fills. */
function placeRows(
  { parts, shape }: ProgramParameter,
  stored: readonly StoredTensor[],
): { from: number; to: number }[] {
  const { rows, columns } = asMatrix(shape);
  let from = 0;
  const places = stored.map((part) => {
    const to = from + part.shape.reduce((a, b) => a * b, 1) / columns;
    const place = { from, to };
    from = to;
    return place;
  });
  if (from === rows && places.every(({ to }) => Number.isInteger(to))) return places;
  const found = stored.map((part, i) => `"${stored.length === 1 ? part.name : parts[i]}" [${part.shape}]`).join(", ");
  throw new BackendError(`${found} do not make up the [${shape}] that the program expects.`);
}

/** Puts a program's constants into memory and into `tensors`; returns them, for release once they are compiled in. */
export function uploadConstants<T>(memory: TensorMemory<T>, program: Program, tensors: (T | undefined)[]): T[] {
  return program.values.flatMap((value, id) => {
    if (value.place !== "constant" || value.data === undefined) return [];
    const { data, type, name } = value;
    const { rows, columns } = asMatrix(value.shape);
    const tensor = memory.create(name, rows as number, columns, ELEMENT_TYPES.indexOf(type), LAYOUTS.indexOf("rows"));
    const stored = STORED_TYPES.indexOf(data instanceof Int32Array ? "I32" : "F32");
    memory.fill(tensor, 0, rows as number, stored, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    tensors[id] = tensor;
    return [tensor];
  });
}

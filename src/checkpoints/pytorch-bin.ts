/**
 * `pytorch_model.bin`: a pickle that describes tensors, and their bytes beside it. Two layouts: since PyTorch 1.6 a zip
 * archive, before that pickles one after another, then the storages. Only tensors are read; no code in the file is run.
 */
import type { ByteSource } from "#platform";
import { CheckpointError } from "../errors.ts";
import type { ListedTensor } from "./safetensors.ts";
import { byteLength, copyInto, elementCount, STORED_BYTES, type StoredTensor } from "./stored-types.ts";
import { readStoredZip, type StoredMember } from "./stored-zip.ts";
import { type PickledStorage, type PickledTensor, type PickleValue, readPickle } from "./tensor-pickle.ts";
import { memorySource, openWeightSource } from "./weight-source.ts";

/** Pickles describe tensors in about 200 bytes each; this is room for 10^5. */
const LARGEST_PICKLE = 25_000_000;
/** What the older layout begins with: a pickled magic number. */
const MAGIC = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

/** Where storages lie in the file, by key. */
type Storages = ReadonlyMap<string, StoredMember>;

/** The tensors of a `pytorch_model.bin`, read without an unpickler. */
export class PytorchBin {
  /** The format has none. */
  readonly metadata = undefined;
  readonly #source: ByteSource;
  readonly #storages: Storages;
  readonly #tensors: ReadonlyMap<string, PickledTensor>;

  private constructor(source: ByteSource, storages: Storages, value: PickleValue) {
    this.#source = source;
    this.#storages = storages;
    this.#tensors = namedTensors(value, source.name);
    for (const [name, tensor] of this.#tensors) checkTensor(name, tensor, storages, source.name);
  }

  /**
   * Opens a file.
   *
   * @throws CheckpointError when it is missing, damaged, or holds anything but tensors; a name that it asks for is given.
   */
  static open(file: string): PytorchBin {
    return PytorchBin.#openAny(openWeightSource(file));
  }

  /** Reads a file that lies in memory. `name` stands for it in errors. */
  static parse(bytes: Uint8Array, name: string): PytorchBin {
    return PytorchBin.#openAny(memorySource(bytes, name));
  }

  static #openAny(source: ByteSource): PytorchBin {
    const start = source.read(0, Math.min(source.size, MAGIC.length));
    return MAGIC.every((byte, i) => start[i] === byte) ? PytorchBin.#openOld(source) : PytorchBin.#openZip(source);
  }

  static #openZip(source: ByteSource): PytorchBin {
    const members = readStoredZip(source);
    const pickleName = [...members.keys()].find((name) => name === "data.pkl" || name.endsWith("/data.pkl"));
    if (pickleName === undefined)
      throw new CheckpointError(`"${source.name}" holds no data.pkl: it is no PyTorch file.`);
    const root = pickleName.slice(0, -"data.pkl".length);
    const order = members.get(`${root}byteorder`);
    if (order !== undefined && new TextDecoder().decode(readMember(source, order)) !== "little") {
      throw new CheckpointError(`"${source.name}" was written on a big-endian machine, which is not read.`);
    }
    const { value } = readPickle(readMember(source, members.get(pickleName)!), 0, source.name);
    const prefix = `${root}data/`;
    const storages = [...members].filter(([name]) => name.startsWith(prefix));
    return new PytorchBin(
      source,
      new Map(storages.map(([name, member]) => [name.slice(prefix.length), member])),
      value,
    );
  }

  /** Pickles of the magic number, the protocol, the machine, the tensors and the storages' keys; then the storages. */
  static #openOld(source: ByteSource): PytorchBin {
    const bytes = source.read(0, Math.min(source.size, LARGEST_PICKLE));
    let end = 0;
    const next = () => {
      const read = readPickle(bytes, end, source.name);
      end = read.end;
      return read.value;
    };
    next();
    next();
    next();
    const value = next();
    const keys = next();
    if (!Array.isArray(keys)) throw new CheckpointError(`"${source.name}" lists no storages.`);
    const types = new Map([...namedTensors(value, source.name).values()].map(({ storage }) => [storage.key, storage]));
    return new PytorchBin(source, locateOldStorages(source, keys, types, end), value);
  }

  /** What the file holds. */
  list(): ListedTensor[] {
    return [...this.#tensors].map(([name, { storage, shape }]) => ({ name, type: storage.type, shape }));
  }

  /** Whether the file holds a tensor of that name. */
  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** @throws CheckpointError when there is no such tensor. */
  tensor(name: string): StoredTensor {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) throw new CheckpointError(`"${this.#source.name}" has no tensor "${name}".`);
    const { type } = tensor.storage;
    return { name, type, shape: tensor.shape, read: (target) => this.#tensorBytes(tensor, target) };
  }

  #tensorBytes({ storage, offset, shape, strides }: PickledTensor, target?: Uint8Array): Uint8Array {
    const { start } = this.#storages.get(storage.key)!;
    const width = STORED_BYTES[storage.type];
    const length = byteLength(storage.type, shape);
    if (length === 0) return new Uint8Array(0);
    const first = start + offset * width;
    if (isContiguous(shape, strides)) return this.#source.read(first, length, target);
    const span = (lastElement(shape, strides) + 1) * width;
    const bytes = gather(this.#source.read(first, span), shape, strides, width);
    return target === undefined ? bytes : copyInto(target, bytes);
  }
}

function readMember(source: ByteSource, { start, size }: StoredMember): Uint8Array {
  if (size > LARGEST_PICKLE) {
    throw new CheckpointError(
      `"${source.name}" describes its tensors in ${size} bytes; at most ${LARGEST_PICKLE} are read.`,
    );
  }
  return source.read(start, size);
}

function namedTensors(value: PickleValue, file: string): Map<string, PickledTensor> {
  if (!(value instanceof Map)) throw new CheckpointError(`"${file}" holds no dictionary of tensors.`);
  const tensors = new Map<string, PickledTensor>();
  for (const [name, tensor] of value) {
    if (typeof name !== "string") throw new CheckpointError(`"${file}" has a tensor whose name is no string.`);
    if (typeof tensor !== "object" || tensor === null || !("kind" in tensor) || tensor.kind !== "tensor") {
      throw new CheckpointError(
        `"${file}": "${name}" is no tensor. A training state is not a checkpoint: save the model's state_dict alone.`,
      );
    }
    tensors.set(name, tensor);
  }
  return tensors;
}

/** Each storage is its number of elements in 8 bytes, then its bytes. */
function locateOldStorages(
  source: ByteSource,
  keys: readonly PickleValue[],
  types: ReadonlyMap<string, PickledStorage>,
  start: number,
): Storages {
  const storages = new Map<string, StoredMember>();
  let position = start;
  for (const key of keys) {
    const storage = types.get(String(key));
    if (storage === undefined)
      throw new CheckpointError(`"${source.name}" has a storage "${String(key)}" that no tensor uses.`);
    const size = storage.elements * STORED_BYTES[storage.type];
    if (position + 8 + size > source.size)
      throw new CheckpointError(`"${source.name}" is truncated in storage "${storage.key}".`);
    storages.set(storage.key, { start: position + 8, size });
    position += 8 + size;
  }
  return storages;
}

/** Every element of the tensor lies in its storage, and the tensor is no larger than it: nothing expands. */
function checkTensor(
  name: string,
  { storage, offset, shape, strides }: PickledTensor,
  storages: Storages,
  file: string,
): void {
  const member = storages.get(storage.key);
  if (member === undefined) throw new CheckpointError(`"${file}": the numbers of "${name}" are missing.`);
  const complain = (what: string): never => {
    throw new CheckpointError(`"${file}": tensor "${name}" of shape [${shape.slice(0, 8)}] ${what}.`);
  };
  if (member.size !== storage.elements * STORED_BYTES[storage.type])
    complain("has a storage of another size than it says");
  if (shape.length !== strides.length || shape.length > 16) complain(`has ${strides.length} strides`);
  if (elementCount(shape) > storage.elements) complain(`is larger than its storage of ${storage.elements} elements`);
  if (elementCount(shape) > 0 && offset + lastElement(shape, strides) >= storage.elements)
    complain("reaches beyond its storage");
}

/** The index of the last element, counted from the first. */
function lastElement(shape: readonly number[], strides: readonly number[]): number {
  return shape.reduce((sum, size, i) => sum + (size - 1) * strides[i]!, 0);
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== expected) return false;
    expected *= shape[i]!;
  }
  return true;
}

/** Copies a strided tensor row-major. */
function gather(bytes: Uint8Array, shape: readonly number[], strides: readonly number[], width: number): Uint8Array {
  const result = new Uint8Array(elementCount(shape) * width);
  const index = shape.map(() => 0);
  for (let at = 0; at < result.length; at += width) {
    const from = index.reduce((sum, position, i) => sum + position * strides[i]!, 0) * width;
    result.set(bytes.subarray(from, from + width), at);
    for (let i = shape.length - 1; i >= 0; i--) {
      index[i]!++;
      if (index[i]! < shape[i]!) break;
      index[i] = 0;
    }
  }
  return result;
}

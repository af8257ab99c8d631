/**
 * Reading safetensors files: the header is checked as a whole when a file is opened, tensors are fetched one by one when
 * they are used. Format: https://github.com/huggingface/safetensors#format
 */
import type { ByteSource } from "#platform";
import { CheckpointError } from "../errors.ts";
import { parseHeader, type TensorEntry } from "./safetensors-header.ts";
import { STORED_BYTES, type StoredTensor, type StoredType } from "./stored-types.ts";
import { memorySource, openWeightSource } from "./weight-source.ts";

/** Limits of reading a safetensors file. */
export interface SafetensorsOptions {
  /** The largest header that is read. Default: 25 MB, as the hub's own readers; at most 100 MB, the format's limit. */
  readonly maxHeaderBytes?: number | undefined;
}

const DEFAULT_HEADER_BYTES = 25_000_000;
const LARGEST_HEADER_BYTES = 100_000_000;
/** The header's length stands before it, in 8 bytes. */
const PREFIX_BYTES = 8;

/** A tensor as the file describes it, which may be of a type that Cloze cannot use. */
export interface ListedTensor {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
}

/** An open safetensors file. It holds no handle: there is nothing to close. */
export class Safetensors {
  /** The file's `__metadata__`, in its order; undefined when it has none. */
  readonly metadata: ReadonlyMap<string, string> | undefined;
  readonly #source: ByteSource;
  readonly #dataStart: number;
  readonly #entries: ReadonlyMap<string, TensorEntry>;

  private constructor(source: ByteSource, options: SafetensorsOptions) {
    const headerBytes = readHeaderLength(source, options.maxHeaderBytes ?? DEFAULT_HEADER_BYTES);
    this.#source = source;
    this.#dataStart = PREFIX_BYTES + headerBytes;
    const text = source.read(PREFIX_BYTES, headerBytes);
    const header = parseHeader(text, source.size - this.#dataStart, source.name);
    this.metadata = header.metadata;
    this.#entries = header.tensors;
  }

  /**
   * Opens a file.
   *
   * @throws CheckpointError when it is missing, truncated, or its header breaks a rule of the format.
   */
  static open(file: string, options: SafetensorsOptions = {}): Safetensors {
    return new Safetensors(openWeightSource(file), options);
  }

  /** Reads a file that lies in memory. `name` stands for it in errors. */
  static parse(bytes: Uint8Array, name: string, options: SafetensorsOptions = {}): Safetensors {
    return new Safetensors(memorySource(bytes, name), options);
  }

  /** What the file holds, in the order of its header. */
  list(): ListedTensor[] {
    return [...this.#entries].map(([name, { type, shape }]) => ({ name, type, shape }));
  }

  /** Whether the file holds a tensor of that name. */
  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** @throws CheckpointError when there is no such tensor, or its element type cannot be used. */
  tensor(name: string): StoredTensor {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new CheckpointError(`"${this.#source.name}" has no tensor "${name}".`);
    const { type, shape } = entry;
    if (!isStoredType(type)) {
      throw new CheckpointError(
        `"${this.#source.name}": tensor "${name}" is stored as ${type}; known: ${Object.keys(STORED_BYTES).join(", ")}.`,
      );
    }
    return { name, type, shape, read: (target) => this.#read(entry, target) };
  }

  #read({ begin, end }: TensorEntry, target?: Uint8Array): Uint8Array {
    return this.#source.read(this.#dataStart + begin, end - begin, target);
  }
}

function isStoredType(type: string): type is StoredType {
  return Object.hasOwn(STORED_BYTES, type);
}

/** Compared as a BigInt: lengths up to 2^64 - 1 can stand in the file, and a Number would round them. */
function readHeaderLength(source: ByteSource, maxHeaderBytes: number): number {
  if (source.size < PREFIX_BYTES) {
    throw new CheckpointError(`"${source.name}" has ${source.size} bytes, too few for a safetensors file.`);
  }
  const prefix = source.read(0, PREFIX_BYTES);
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  const left = source.size - PREFIX_BYTES;
  if (length > BigInt(left)) {
    throw new CheckpointError(
      `"${source.name}" says that its header has ${length} bytes, but only ${left} follow. It is truncated, or no safetensors file.`,
    );
  }
  const limit = Math.min(maxHeaderBytes, LARGEST_HEADER_BYTES);
  if (length > BigInt(limit)) {
    throw new CheckpointError(
      `"${source.name}" has a header of ${length} bytes; at most ${limit} are read. Pass maxHeaderBytes (up to 100 MB) if you trust it.`,
    );
  }
  return Number(length);
}

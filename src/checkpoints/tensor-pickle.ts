/**
 * Reads the pickles in PyTorch's weight files. This is not an unpickler: it knows numbers, strings, containers and the
 * three functions that describe a tensor; it looks nothing up, calls nothing, and refuses every other name. Opcodes:
 * CPython, Lib/pickletools.py; what PyTorch writes: torch/serialization.py.
 */
import { CheckpointError } from "../errors.ts";
import type { StoredType } from "./stored-types.ts";

/** A run of numbers in the file. */
export interface PickledStorage {
  readonly kind: "storage";
  readonly type: StoredType;
  /** Under which the file keeps its bytes. */
  readonly key: string;
  readonly elements: number;
}

/** A tensor as strides over a storage. Offset and strides count elements. */
export interface PickledTensor {
  readonly kind: "tensor";
  readonly storage: PickledStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

interface Tuple {
  readonly kind: "tuple";
  readonly items: readonly PickleValue[];
}
interface Global {
  readonly kind: "global";
  readonly name: string;
}
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | Tuple
  | Global
  | PickledStorage
  | PickledTensor;

const STORAGES: ReadonlyMap<string, StoredType> = new Map([
  ["torch.DoubleStorage", "F64"],
  ["torch.FloatStorage", "F32"],
  ["torch.HalfStorage", "F16"],
  ["torch.BFloat16Storage", "BF16"],
  ["torch.LongStorage", "I64"],
  ["torch.IntStorage", "I32"],
  ["torch.ShortStorage", "I16"],
  ["torch.CharStorage", "I8"],
  ["torch.ByteStorage", "U8"],
  ["torch.BoolStorage", "BOOL"],
]);
const ORDERED_DICT = "collections.OrderedDict";
const REBUILD_TENSOR = "torch._utils._rebuild_tensor_v2";
const REBUILD_PARAMETER = "torch._utils._rebuild_parameter";
const KNOWN: ReadonlySet<string> = new Set([...STORAGES.keys(), ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER]);

/** Reads the pickle that begins at `start`. `end` is the position after it. */
export function readPickle(bytes: Uint8Array, start: number, file: string): { value: PickleValue; end: number } {
  return new PickleReader(bytes, start, file).read();
}

/** Where a group of items began, between the items on the stack. */
const MARK = Symbol("mark");

class PickleReader {
  readonly #bytes: Uint8Array;
  readonly #data: DataView;
  readonly #file: string;
  #position: number;
  readonly #stack: (PickleValue | typeof MARK)[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(bytes: Uint8Array, start: number, file: string) {
    this.#bytes = bytes;
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = start;
    this.#file = file;
  }

  read(): { value: PickleValue; end: number } {
    for (;;) {
      const opcode = String.fromCharCode(this.#byte());
      if (opcode === ".") return { value: this.#pop(), end: this.#position };
      this.#step(opcode);
    }
  }

  #step(opcode: string): void {
    if (!this.#pushScalar(opcode) && !this.#pushContainer(opcode) && !this.#pushMeaning(opcode)) this.#control(opcode);
  }

  /** Opcodes that frame, group and remember. */
  #control(opcode: string): void {
    switch (opcode) {
      case "\x80": // PROTO
        this.#byte();
        return;
      case "\x95": // FRAME
        this.#skip(8);
        return;
      case "(":
        this.#stack.push(MARK);
        return;
      case "q":
        this.#memo.set(this.#byte(), this.#top());
        return;
      case "r":
        this.#memo.set(this.#uint32(), this.#top());
        return;
      case "\x94": // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        return;
      case "b": // BUILD: attributes of a state dict, such as its `_metadata`; they hold no weights
        this.#pop();
        if (!(this.#top() instanceof Map)) this.#fail("it sets attributes of something other than a dictionary");
        return;
      default:
        this.#fail(`it uses pickle opcode ${JSON.stringify(opcode)}, which weights do not need`);
    }
  }

  /** Opcodes that name things: what was stored before, the known names, storages, tensors. */
  #pushMeaning(opcode: string): boolean {
    switch (opcode) {
      case "h":
        this.#stack.push(this.#recall(this.#byte()));
        return true;
      case "j":
        this.#stack.push(this.#recall(this.#uint32()));
        return true;
      case "c":
        this.#stack.push(this.#global(this.#line(), this.#line()));
        return true;
      case "\x93": {
        // STACK_GLOBAL
        const name = this.#pop();
        this.#stack.push(this.#global(this.#pop(), name));
        return true;
      }
      case "Q":
        this.#stack.push(this.#storageOf(this.#pop()));
        return true;
      case "R": {
        const given = this.#tupleItems(this.#pop());
        this.#stack.push(this.#describe(this.#pop(), given));
        return true;
      }
      default:
        return false;
    }
  }

  #pushScalar(opcode: string): boolean {
    const value = this.#readScalar(opcode);
    if (value !== undefined) this.#stack.push(value);
    return value !== undefined;
  }

  #readScalar(opcode: string): PickleValue | undefined {
    switch (opcode) {
      case "N":
        return null;
      case "\x88":
        return true;
      case "\x89":
        return false;
      case "K":
        return this.#byte();
      case "M":
        return this.#data.getUint16(this.#skip(2), true);
      case "J":
        return this.#data.getInt32(this.#skip(4), true);
      case "G":
        return this.#data.getFloat64(this.#skip(8), false);
      case "\x8a": // LONG1
        return this.#long(this.#byte());
      case "X":
        return this.#text(this.#uint32());
      case "\x8c": // SHORT_BINUNICODE
      case "U": // a byte string of Python 2
        return this.#text(this.#byte());
      default:
        return undefined;
    }
  }

  #pushContainer(opcode: string): boolean {
    switch (opcode) {
      case "}":
        this.#stack.push(new Map());
        return true;
      case "]":
        this.#stack.push([]);
        return true;
      case ")":
        this.#stack.push({ kind: "tuple", items: [] });
        return true;
      case "t":
        this.#stack.push({ kind: "tuple", items: this.#popMarked() });
        return true;
      case "\x85":
      case "\x86":
      case "\x87": {
        const items = Array.from({ length: opcode.charCodeAt(0) - 0x84 }, () => this.#pop()).reverse();
        this.#stack.push({ kind: "tuple", items });
        return true;
      }
      case "s":
        this.#setItems([this.#pop(), this.#pop()].reverse());
        return true;
      case "u":
        this.#setItems(this.#popMarked());
        return true;
      case "a":
        this.#append([this.#pop()]);
        return true;
      case "e":
        this.#append(this.#popMarked());
        return true;
      default:
        return false;
    }
  }

  #global(module: PickleValue, name: PickleValue): Global {
    const path = typeof module === "string" && typeof name === "string" ? `${module}.${name}` : "a value";
    if (!KNOWN.has(path)) {
      this.#fail(
        `it asks for ${JSON.stringify(path.slice(0, 80))}, and only tensors and containers are read; nothing was run`,
      );
    }
    return { kind: "global", name: path };
  }

  /** What a call of a known name stands for. */
  #describe(callee: PickleValue, given: readonly PickleValue[]): PickleValue {
    const name = isKind(callee, "global") ? callee.name : "";
    if (name === ORDERED_DICT && given.length === 0) return new Map();
    if (name === REBUILD_PARAMETER && isKind(given[0], "tensor")) return given[0];
    if (name !== REBUILD_TENSOR)
      this.#fail(`it calls ${JSON.stringify(name || "a value")} in a way that weights do not need`);
    const [storage, offset, shape, strides] = given;
    if (!isKind(storage, "storage") || !isSize(offset)) return this.#fail("a tensor lacks its storage");
    return { kind: "tensor", storage, offset, shape: this.#sizes(shape), strides: this.#sizes(strides) };
  }

  #sizes(value: PickleValue | undefined): number[] {
    const sizes = this.#tupleItems(value);
    if (!sizes.every(isSize)) this.#fail("a tensor's shape or strides are no whole numbers");
    return sizes as number[];
  }

  /** A persistent id is ("storage", type, key, device, number of elements) and, in old files, a view that must be absent. */
  #storageOf(id: PickleValue): PickledStorage {
    const [tag, typeName, key, , elements, storageView] = this.#tupleItems(id);
    const type = isKind(typeName, "global") ? STORAGES.get(typeName.name) : undefined;
    if (
      tag !== "storage" ||
      type === undefined ||
      typeof key !== "string" ||
      !isSize(elements) ||
      (storageView ?? null) !== null
    ) {
      return this.#fail("it refers to something other than a storage");
    }
    return { kind: "storage", type, key, elements };
  }

  #setItems(pairs: readonly PickleValue[]): void {
    const map = this.#top();
    if (map instanceof Map && pairs.length % 2 === 0) {
      for (let i = 0; i < pairs.length; i += 2) map.set(pairs[i]!, pairs[i + 1]!);
    } else this.#fail("it sets items of something other than a dictionary");
  }

  #append(items: readonly PickleValue[]): void {
    const list = this.#top();
    if (Array.isArray(list)) for (const item of items) list.push(item);
    else this.#fail("it appends to something other than a list");
  }

  #recall(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) return this.#fail(`it recalls value ${index}, which it never stored`);
    return value;
  }

  #popMarked(): PickleValue[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark === -1) this.#fail("a group has no beginning");
    const items = this.#stack.splice(mark) as PickleValue[];
    return items.slice(1);
  }

  #pop(): PickleValue {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) return this.#fail("its stack is empty");
    return value;
  }

  #tupleItems(value: PickleValue | undefined): readonly PickleValue[] {
    return isKind(value, "tuple") ? value.items : this.#fail("a tuple is missing");
  }

  #byte(): number {
    return this.#bytes[this.#skip(1)]!;
  }

  #uint32(): number {
    return this.#data.getUint32(this.#skip(4), true);
  }

  /** Little-endian two's complement; only as long as a Number is exact. */
  #long(length: number): number {
    const start = this.#skip(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = value * 256n + BigInt(this.#bytes[start + i]!);
    return Number(BigInt.asIntN(8 * length, value));
  }

  #text(length: number): string {
    const start = this.#skip(length);
    return new TextDecoder().decode(this.#bytes.subarray(start, start + length));
  }

  /** Up to the next line feed, as old opcodes end their arguments. */
  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end === -1) this.#fail("it is cut off");
    const text = this.#text(end - this.#position);
    this.#position++;
    return text;
  }

  /** Moves on and returns where it was. */
  #skip(length: number): number {
    const start = this.#position;
    this.#position += length;
    if (this.#position > this.#bytes.length) this.#fail("it is cut off");
    return start;
  }

  #fail(what: string): never {
    throw new CheckpointError(
      `"${this.#file}" cannot be read: ${what}. Files in safetensors format have no such limits.`,
    );
  }
}

function isKind<K extends "tuple" | "global" | "storage" | "tensor">(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<PickleValue, { readonly kind: K }> {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === kind;
}

function isSize(value: PickleValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

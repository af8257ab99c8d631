/**
 * Reversible mappings between the names that tensors have in a file and their canonical ones: those that the reference
 * implementation gives today to a checkpoint with a head. A mapping may also split a fused tensor and reorder its rows.
 */
import { CheckpointError } from "../errors.ts";
import type { ListedTensor } from "./safetensors.ts";
import { byteLength, copyInto, type StoredTensor } from "./stored-types.ts";

/**
 * In patterns "*" stands for text without a dot and "**" for any text; what they match goes, in order, into the wildcards
 * of the other side, of which there must be as many.
 */
export interface NameRule {
  readonly file: string;
  /** One name, or several among which the file's tensor is split by rows, evenly. */
  readonly canonical: string | readonly string[];
  /** Row i of the canonical tensors, one after another, is row `order[i]` of the file's. Default: the same row. */
  readonly rowOrder?: (rows: number) => Uint32Array;
  /** The canonical tensors leave out dimensions of 1: a convolution over single positions is a matrix. Default false. */
  readonly squeeze?: boolean;
  /** The file's axes in the canonical order, before the split: [2, 0, 1] turns [out, in, taps] into [taps, out, in]. */
  readonly axes?: readonly number[];
}

/** The names of one generation of checkpoints. The first rule that matches a tensor applies. */
export interface NameGeneration {
  readonly name: string;
  readonly rules: readonly NameRule[];
}

/** How one tensor of a file becomes one or several canonical ones. */
export interface MappedTensor extends ListedTensor {
  readonly canonical: readonly string[];
  readonly rowOrder?: NameRule["rowOrder"];
  readonly squeeze?: boolean;
  readonly axes?: readonly number[];
}

/** Whether a name matches a pattern. */
export function matchesName(pattern: string, name: string): boolean {
  return patternOf(pattern).test(name);
}

/** Maps one tensor through the generations, one after another. At most one of them may split it. */
export function mapTensor(tensor: ListedTensor, generations: readonly NameGeneration[]): MappedTensor {
  let mapped: MappedTensor = { ...tensor, canonical: [tensor.name] };
  for (const { rules } of generations) {
    const results = mapped.canonical.map((name) => applyFirst(rules, name));
    const rowOrder = results.find((result) => result.rowOrder)?.rowOrder ?? mapped.rowOrder;
    const squeeze = mapped.squeeze === true || results.some((result) => result.squeeze);
    const axes = results.find((result) => result.axes)?.axes ?? mapped.axes;
    const canonical = results.flatMap(({ names }) => names);
    mapped = { ...tensor, canonical, squeeze, ...(rowOrder && { rowOrder }), ...(axes && { axes }) };
  }
  return mapped;
}

function applyFirst(rules: readonly NameRule[], name: string) {
  for (const { file, canonical, rowOrder, squeeze = false, axes } of rules) {
    const match = patternOf(file).exec(name);
    if (match === null) continue;
    const targets = typeof canonical === "string" ? [canonical] : canonical;
    return { names: targets.map((target) => fillPattern(target, match.slice(1))), rowOrder, squeeze, axes };
  }
  return { names: [name], rowOrder: undefined, squeeze: false, axes: undefined };
}

const patterns = new Map<string, RegExp>();

function patternOf(pattern: string): RegExp {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const parts = pattern.split(/(\*\*?)/).map((part) => {
    if (part === "**") return "(.*)";
    return part === "*" ? "([^.]+)" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  });
  const compiled = new RegExp(`^${parts.join("")}$`);
  patterns.set(pattern, compiled);
  return compiled;
}

function fillPattern(pattern: string, captured: readonly string[]): string {
  const left = captured.values();
  return pattern.replace(/\*\*?/g, () => left.next().value ?? "");
}

/** Rows of one tensor: where a canonical tensor that is a part of a fused one finds its numbers. */
export function partOf(mapped: MappedTensor, part: number, file: () => StoredTensor): StoredTensor {
  const { canonical, rowOrder, type, axes } = mapped;
  const shape = axes?.map((axis) => mapped.shape[axis] ?? 0) ?? mapped.shape;
  const name = canonical[part]!;
  if (canonical.length === 1 && rowOrder === undefined && axes === undefined) {
    const tensor = file();
    return { ...tensor, name, shape: canonicalShape(mapped, shape) };
  }
  const rows = shape[0] ?? 0;
  if (rows % canonical.length !== 0 || rows === 0) {
    throw new CheckpointError(
      `Tensor "${mapped.name}" of ${type} [${shape}] cannot be split into ${canonical.length} parts.`,
    );
  }
  const count = rows / canonical.length;
  const tensor = file();
  const order = () => orderOf(mapped, rows).subarray(part * count, (part + 1) * count);
  const read = (target?: Uint8Array) => {
    const bytes = pickRows(permute(tensor.read(), mapped.shape, axes), rows, order());
    return target === undefined ? bytes : copyInto(target, bytes);
  };
  const whole = { name, type: tensor.type, shape: canonicalShape(mapped, [count, ...shape.slice(1)]), read };
  const { scales } = tensor;
  if (scales === undefined) return whole;
  return { ...whole, scales: () => Float32Array.from(order(), (row) => scales()[row] as number) };
}

function canonicalShape({ squeeze }: MappedTensor, shape: readonly number[]): readonly number[] {
  return squeeze ? shape.filter((size) => size !== 1) : shape;
}

/** The inverse of `partOf`: the file's tensor from the canonical ones it was split into, in their order. */
export function joinParts(mapped: MappedTensor, parts: readonly StoredTensor[]): StoredTensor {
  const [first] = parts;
  const { name, rowOrder } = mapped;
  if (parts.length === 1 && rowOrder === undefined && mapped.axes === undefined) {
    const shape = mapped.squeeze ? mapped.shape : first!.shape;
    return { ...first!, name, shape, read: (target) => first!.read(target) };
  }
  const { type } = first!;
  const { axes } = mapped;
  const keepsShape = mapped.squeeze === true || axes !== undefined;
  const shape = keepsShape
    ? mapped.shape
    : [parts.reduce((sum, part) => sum + part.shape[0]!, 0), ...first!.shape.slice(1)];
  const permuted = axes?.map((axis) => shape[axis]!) ?? shape;
  const rows = permuted[0]!;
  if (parts.some((part) => part.type !== type || part.shape.slice(1).join() !== first!.shape.slice(1).join())) {
    throw new CheckpointError(`The parts of "${name}" differ in element type or in the size of their rows.`);
  }
  const read = (target = new Uint8Array(byteLength(type, shape))) => {
    const joined = new Uint8Array(byteLength(type, shape));
    let position = 0;
    for (const part of parts) position += part.read(joined.subarray(position)).length;
    const rowsInOrder = pickRows(joined, rows, invert(orderOf(mapped, rows)));
    return copyInto(
      target,
      permute(
        rowsInOrder,
        permuted,
        axes?.map((_, axis) => axes.indexOf(axis)),
      ),
    );
  };
  return { name, type, shape, read };
}

/** A row-major tensor with its axes in another order; the same bytes when there is none. */
function permute(bytes: Uint8Array, shape: readonly number[], axes: readonly number[] | undefined): Uint8Array {
  if (axes === undefined) return bytes;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const sizes = axes.map((axis) => shape[axis]!);
  const count = shape.reduce((product, size) => product * size, 1);
  const width = bytes.length / Math.max(1, count);
  const permuted = new Uint8Array(bytes.length);
  for (let to = 0; to < count; to++) {
    let [rest, from] = [to, 0];
    for (let i = sizes.length - 1; i >= 0; i--) {
      from += (rest % sizes[i]!) * strides[axes[i]!]!;
      rest = Math.floor(rest / sizes[i]!);
    }
    permuted.set(bytes.subarray(from * width, (from + 1) * width), to * width);
  }
  return permuted;
}

function orderOf({ rowOrder, name }: MappedTensor, rows: number): Uint32Array {
  const order = rowOrder?.(rows) ?? Uint32Array.from({ length: rows }, (_, row) => row);
  if (order.length !== rows)
    throw new CheckpointError(`The rows of "${name}" are ${rows}; its mapping orders ${order.length}.`);
  return order;
}

function invert(order: Uint32Array): Uint32Array {
  const inverse = new Uint32Array(order.length);
  order.forEach((from, to) => {
    inverse[from] = to;
  });
  return inverse;
}

function pickRows(bytes: Uint8Array, rows: number, order: Uint32Array): Uint8Array {
  const width = bytes.length / rows;
  const picked = new Uint8Array(order.length * width);
  order.forEach((row, i) => {
    picked.set(bytes.subarray(row * width, (row + 1) * width), i * width);
  });
  return picked;
}

/**
 * The row order of a fused projection whose parts are interleaved head by head: the file holds, for each head, that
 * head's rows of every part in turn (DeBERTa's `in_proj`, NeoBERT's `qkv`).
 */
export function interleavedHeads(heads: number, parts: number): (rows: number) => Uint32Array {
  return (rows) => {
    const headSize = rows / (heads * parts);
    return Uint32Array.from({ length: rows }, (_, row) => {
      const part = Math.floor(row / (heads * headSize));
      const head = Math.floor(row / headSize) % heads;
      return (head * parts + part) * headSize + (row % headSize);
    });
  };
}

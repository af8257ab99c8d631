/**
 * Writing safetensors files, byte for byte as the reference implementation lays them out: by element type from the widest
 * to the narrowest, then by name; the header padded with spaces to 8 bytes.
 */
import { writeFile } from "#platform";
import { CheckpointError } from "../errors.ts";
import { byteLength, type StoredTensor, type StoredType } from "./stored-types.ts";

/** What a safetensors file holds besides tensors. */
export interface SafetensorsWriteOptions {
  /** The file's `__metadata__`. Default: `format: pt`, which other readers expect. Pass an empty map to leave it out. */
  readonly metadata?: ReadonlyMap<string, string> | undefined;
  /** The tensors' order in the file. Default: "reference", as above; "given" repeats that of a file that has another. */
  readonly order?: "reference" | "given" | undefined;
}

const DEFAULT_METADATA: ReadonlyMap<string, string> = new Map([["format", "pt"]]);

/** The reference's order of element types (its enum, descending). */
const TYPE_ORDER: readonly StoredType[] = ["I64", "F64", "F32", "I32", "BF16", "F16", "I16", "I8", "U8", "BOOL"];

/**
 * Writes tensors to a file, one after another, so that memory holds one at a time. The file appears whole or not at all.
 *
 * @throws CheckpointError when two tensors have one name, or a tensor's bytes do not fit its shape.
 */
export function writeSafetensors(
  file: string,
  tensors: Iterable<StoredTensor>,
  options: SafetensorsWriteOptions = {},
): void {
  writeFile(file, safetensorsChunks(tensors, options));
}

/** The bytes of a safetensors file, header first, then each tensor. */
export function* safetensorsChunks(
  tensors: Iterable<StoredTensor>,
  options: SafetensorsWriteOptions = {},
): Generator<Uint8Array> {
  const sorted = options.order === "given" ? [...tensors] : [...tensors].sort(compareTensors);
  yield encodeHeader(sorted, options.metadata ?? DEFAULT_METADATA);
  for (const tensor of sorted) {
    const bytes = tensor.read();
    const expected = byteLength(tensor.type, tensor.shape);
    if (bytes.length !== expected) {
      throw new CheckpointError(
        `Tensor "${tensor.name}" has ${bytes.length} bytes; its shape [${tensor.shape}] of ${tensor.type} needs ${expected}.`,
      );
    }
    yield bytes;
  }
}

function encodeHeader(sorted: readonly StoredTensor[], metadata: ReadonlyMap<string, string>): Uint8Array {
  const entries: string[] = [];
  if (metadata.size > 0) entries.push(`"__metadata__":{${[...metadata].map(encodePair).join(",")}}`);
  let end = 0;
  const names = new Set(["__metadata__"]);
  for (const { name, type, shape } of sorted) {
    if (names.has(name)) throw new CheckpointError(`Two tensors would be written as "${name}".`);
    names.add(name);
    const begin = end;
    end += byteLength(type, shape);
    entries.push(`${JSON.stringify(name)}:{"dtype":"${type}","shape":[${shape}],"data_offsets":[${begin},${end}]}`);
  }
  const text = new TextEncoder().encode(`{${entries.join(",")}}`);
  const padded = Math.ceil(text.length / 8) * 8;
  const header = new Uint8Array(8 + padded).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true);
  header.set(text, 8);
  return header;
}

function encodePair([key, value]: readonly [string, string]): string {
  return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
}

function compareTensors(a: StoredTensor, b: StoredTensor): number {
  return TYPE_ORDER.indexOf(a.type) - TYPE_ORDER.indexOf(b.type) || compareCodePoints(a.name, b.name);
}

/** By code point, as UTF-8 bytes compare; JavaScript's own order differs where surrogates meet U+E000 to U+FFFF. */
function compareCodePoints(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  const i = left.findIndex((character, index) => character !== right[index]);
  if (i === -1) return left.length - right.length;
  return i >= right.length ? 1 : left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
}

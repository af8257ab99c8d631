/**
 * The header of a safetensors file, read by a scanner of its own: JSON.parse would keep the last of two equal keys, round
 * large integers and give names a meaning ("__proto__"). Everything is checked before memory is taken for any tensor.
 * The rules are those of the reference implementation (huggingface/safetensors, safetensors/src/tensor.rs).
 */
import { CheckpointError } from "../errors.ts";

/** One tensor as the header describes it. `type` may be one that Cloze cannot use. */
export interface TensorEntry {
  readonly type: string;
  readonly shape: readonly number[];
  /** Bytes from the start of the data, which follows the header. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** The file's `__metadata__`, in its order; undefined when it has none. */
  readonly metadata: ReadonlyMap<string, string> | undefined;
  /** By name, in the header's order. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

/** Bits of every element type of the format (safetensors 0.8); the sub-byte ones must fill whole bytes. */
const BITS: ReadonlyMap<string, number> = new Map([
  ...["F4"].map((type) => [type, 4] as const),
  ...["F6_E2M3", "F6_E3M2"].map((type) => [type, 6] as const),
  ...["BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"].map((t) => [t, 8] as const),
  ...["I16", "U16", "F16", "BF16"].map((type) => [type, 16] as const),
  ...["I32", "U32", "F32"].map((type) => [type, 32] as const),
  ...["C64", "F64", "I64", "U64"].map((type) => [type, 64] as const),
]);

/**
 * Reads and checks a header.
 *
 * @param text the header's bytes
 * @param dataBytes bytes that follow the header in the file; the tensors must tile them exactly
 * @param file what errors call the file
 * @throws CheckpointError
 */
export function parseHeader(text: Uint8Array, dataBytes: number, file: string): SafetensorsHeader {
  const scanner = new HeaderScanner(decodeHeader(text, file), file);
  const header = scanner.readHeader();
  checkTiling(header.tensors, dataBytes, file);
  return header;
}

function decodeHeader(text: Uint8Array, file: string): string {
  try {
    // `ignoreBOM` keeps a byte order mark in the text, where it is refused as the stray character that it is.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text);
  } catch (cause) {
    throw new CheckpointError(`"${file}": the header is not valid UTF-8.`, { cause });
  }
}

/** Sorted by offset, the tensors must cover the data without gap, overlap or rest, each exactly as large as its shape. */
function checkTiling(tensors: ReadonlyMap<string, TensorEntry>, dataBytes: number, file: string): void {
  const sorted = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const [name, tensor] of sorted) {
    if (tensor.begin !== position || tensor.end < tensor.begin) {
      const range = `[${tensor.begin}, ${tensor.end}]`;
      throw new CheckpointError(
        `"${file}": tensor "${name}" has data_offsets ${range}; expected them to start at ${position}, without gap or overlap.`,
      );
    }
    checkSize(name, tensor, file);
    position = tensor.end;
  }
  if (position !== dataBytes) {
    throw new CheckpointError(
      `"${file}" holds ${dataBytes} bytes of data; its header describes ${position}. The file is truncated or damaged: fetch it again.`,
    );
  }
}

function checkSize(name: string, { type, shape, begin, end }: TensorEntry, file: string): void {
  const bits = BITS.get(type);
  if (bits === undefined) return; // its size is unknown: refused when the tensor is read
  let product = BigInt(bits);
  // Products are exact, and bounded early: a rank of 10^5 must not make a number of 10^6 digits.
  for (const size of shape) {
    product *= BigInt(size);
    if (product > 2n ** 64n || product === 0n) break;
  }
  if (shape.includes(0)) product = 0n;
  if (product !== BigInt(end - begin) * 8n) {
    throw new CheckpointError(
      `"${file}": tensor "${name}" of type ${type} and shape [${shape.slice(0, 8)}] does not fill its ${end - begin} bytes exactly.`,
    );
  }
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Reads the one shape of JSON that a header may have. */
class HeaderScanner {
  readonly #text: string;
  readonly #file: string;
  #position = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  readHeader(): SafetensorsHeader {
    const tensors = new Map<string, TensorEntry>();
    let metadata: Map<string, string> | undefined;
    this.#readObject((name) => {
      if (name === "__metadata__") {
        if (metadata !== undefined) this.#fail("__metadata__ stands twice");
        metadata = this.#readMetadata();
        return;
      }
      if (tensors.has(name)) this.#fail(`tensor "${name}" stands twice`);
      tensors.set(name, this.#readTensor(name));
    });
    this.#skipSpace();
    if (this.#position !== this.#text.length) this.#fail("something follows the closing brace");
    return { metadata, tensors };
  }

  #readMetadata(): Map<string, string> {
    const metadata = new Map<string, string>();
    this.#readObject((key) => {
      if (metadata.has(key)) this.#fail(`__metadata__ has "${key}" twice`);
      metadata.set(key, this.#readString("a string as the value in __metadata__"));
    });
    return metadata;
  }

  #readTensor(name: string): TensorEntry {
    let type: string | undefined;
    let shape: number[] | undefined;
    let offsets: number[] | undefined;
    this.#readObject((key) => {
      if (key === "dtype" && type === undefined) type = this.#readString("a string as dtype");
      else if (key === "shape" && shape === undefined) shape = this.#readIntegers();
      else if (key === "data_offsets" && offsets === undefined) offsets = this.#readIntegers();
      else
        this.#fail(`tensor "${name}" has ${key.length > 40 ? "a" : `"${key}", a`} key that is unknown or stands twice`);
    });
    if (type === undefined || shape === undefined || offsets?.length !== 2) {
      return this.#fail(`tensor "${name}" needs dtype, shape and two data_offsets`);
    }
    return { type, shape, begin: offsets[0]!, end: offsets[1]! };
  }

  #readObject(readValue: (key: string) => void): void {
    this.#expect("{");
    if (this.#accept("}")) return;
    do {
      const key = this.#readString("a key");
      this.#expect(":");
      readValue(key);
    } while (this.#accept(","));
    this.#expect("}");
  }

  #readIntegers(): number[] {
    const integers: number[] = [];
    this.#expect("[");
    if (this.#accept("]")) return integers;
    do integers.push(this.#readInteger());
    while (this.#accept(","));
    this.#expect("]");
    return integers;
  }

  /** Digits without a leading zero; a fraction or an exponent after them is an error where the next token is expected. */
  #readInteger(): number {
    this.#skipSpace();
    const start = this.#position;
    let value = 0;
    for (;;) {
      const digit = this.#text.charCodeAt(this.#position) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
      this.#position++;
    }
    const digits = this.#position - start;
    const isPlain = digits === 1 || (digits > 1 && this.#text[start] !== "0");
    if (!isPlain || !Number.isSafeInteger(value)) this.#fail("expected a whole number below 2^53");
    return value;
  }

  /** A loop, not a pattern: patterns that may backtrack run out of stack on strings of some megabytes. */
  #readString(what: string): string {
    this.#expect('"', what);
    const start = this.#position;
    let hasEscapes = false;
    for (;;) {
      const code = this.#text.charCodeAt(this.#position++);
      if (code === QUOTE) break;
      if (!(code >= 0x20)) this.#fail(`${what} is cut off or holds a control character`);
      if (code === BACKSLASH) {
        hasEscapes = true;
        this.#position++;
      }
    }
    const inner = this.#text.slice(start, this.#position - 1);
    return hasEscapes ? this.#unescape(inner) : inner;
  }

  #unescape(inner: string): string {
    let value: string;
    try {
      value = JSON.parse(`"${inner}"`) as string;
    } catch {
      return this.#fail("a string has an escape that JSON does not know");
    }
    if (LONE_SURROGATE.test(value)) this.#fail("a string holds half of a surrogate pair");
    return value;
  }

  #expect(character: string, what = `"${character}"`): void {
    if (!this.#accept(character)) this.#fail(`expected ${what}`);
  }

  #accept(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#position] !== character) return false;
    this.#position++;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#position);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#position++;
    }
  }

  #fail(what: string): never {
    throw new CheckpointError(`"${this.#file}": the header is not valid at character ${this.#position}: ${what}.`);
  }
}

import { TokenizerError } from "../errors.ts";

const VARINT = 0;
const EIGHT_BYTES = 1;
const LENGTH_DELIMITED = 2;
const FOUR_BYTES = 5;

/**
 * Walks the fields of a protobuf message in the order of the file; `next` fills `number` and, by the kind of field,
 * `integer`, `float` or the range `start`, `end`. Format: protobuf.dev/programming-guides/encoding.
 */
export class ProtobufReader {
  number = 0;
  /** A varint; negative ones, which are written with 64 bits, keep their low 32. */
  integer = 0;
  float = 0;
  /** Where a text, some bytes or a message stands in the file. */
  start = 0;
  end = 0;
  private readonly view: DataView;
  private readonly file: string;
  private readonly limit: number;
  private at: number;

  /** `file` is its name, as errors have it. The range is that of the message. */
  constructor(view: DataView, file: string, start = 0, end = view.byteLength) {
    this.view = view;
    this.file = file;
    this.at = start;
    this.limit = end;
  }

  /** The message in the field at hand. */
  message(): ProtobufReader {
    return new ProtobufReader(this.view, this.file, this.start, this.end);
  }

  /** The bytes of the field at hand, not copied. */
  bytes(): Uint8Array {
    return new Uint8Array(this.view.buffer, this.view.byteOffset + this.start, this.end - this.start);
  }

  /**
   * Reads a field; false at the end of the message.
   *
   * @throws TokenizerError for a message that ends within a field or holds an unknown wire type.
   */
  next(): boolean {
    if (this.at >= this.limit) return false;
    const key = this.varint();
    this.number = Math.floor(key / 8);
    this.start = this.end = this.at;
    const wire = key % 8;
    if (wire === VARINT) this.integer = this.varint();
    else if (wire === LENGTH_DELIMITED) this.skip(this.varint());
    else if (wire === FOUR_BYTES) this.float = this.view.getFloat32(this.skip(4), true);
    else if (wire === EIGHT_BYTES) this.skip(8);
    else throw this.damaged(`field ${this.number} has the wire type ${wire}`);
    return true;
  }

  private varint(): number {
    let value = 0;
    let low = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= this.limit) throw this.damaged("it ends within a field");
      const byte = this.view.getUint8(this.at++);
      value += (byte & 0x7f) * 2 ** shift;
      if (shift < 32) low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : low;
    }
    throw this.damaged("a number has more than ten bytes");
  }

  private skip(length: number): number {
    if (length < 0 || length > this.limit - this.at) throw this.damaged("it ends within a field");
    this.start = this.at;
    this.at += length;
    this.end = this.at;
    return this.start;
  }

  private damaged(problem: string): TokenizerError {
    return new TokenizerError(
      `${this.file}: expected a SentencePiece model, but near byte ${this.at} of ${this.view.byteLength} ${problem}. ` +
        "The file is cut off or damaged; get it again.",
    );
  }
}

import {
  type ByteSource,
  joinPath,
  makeFolder,
  movePath,
  openFile,
  openPartial,
  type PartialFile,
  partialName,
  pathKind,
  readFile,
  removePath,
  writeTextFile,
} from "#platform";
import type { Items } from "../batches/sequence.ts";

/** Whole numbers as bytes of which as many are written at once. */
const BLOCK = 2 ** 18;
const NUMBERS = "numbers";
const ENDS = "ends";
const MANIFEST = "manifest.json";

interface Manifest {
  readonly key: string;
  readonly records: number;
  readonly numbers: number;
}

/**
 * Lists of 32-bit whole numbers on disk, each read by its place: a folder with `numbers`, `ends` (where each list ends, as
 * float64) and a manifest. Nothing of them stays in memory. The folder is written beside its place, synced and renamed:
 * there is a whole one or none.
 */
export class RecordFile implements Items<Int32Array> {
  readonly length: number;
  readonly #numbers: ByteSource;
  readonly #ends: ByteSource;

  private constructor(folder: string, { records }: Manifest) {
    this.length = records;
    this.#numbers = openFile(joinPath(folder, NUMBERS));
    this.#ends = openFile(joinPath(folder, ENDS));
  }

  /**
   * Opens what an earlier call has written.
   *
   * @returns undefined when there is none, it was made of something else than `key` says, or its files are not whole.
   */
  static open(folder: string, key: string): RecordFile | undefined {
    if (pathKind(joinPath(folder, MANIFEST)) !== "file") return undefined;
    let manifest: Manifest;
    try {
      manifest = JSON.parse(new TextDecoder().decode(readFile(joinPath(folder, MANIFEST)))) as Manifest;
      if (manifest.key !== key) return undefined;
      const file = new RecordFile(folder, manifest);
      const isWhole = file.#numbers.size === 4 * manifest.numbers && file.#ends.size === 8 * (manifest.records + 1);
      return isWhole ? file : undefined;
    } catch {
      return undefined;
    }
  }

  /** Writes lists, one after another, in the place of whatever stands there. */
  static async write(folder: string, key: string, records: AsyncIterable<Int32Array>): Promise<RecordFile> {
    const partial = partialName(folder);
    try {
      makeFolder(partial);
      const numbers = new NumberWriter(joinPath(partial, NUMBERS), Int32Array);
      const ends = new NumberWriter(joinPath(partial, ENDS), Float64Array);
      try {
        ends.add([0]);
        for await (const record of records) {
          numbers.add(record);
          ends.add([numbers.count]);
        }
      } finally {
        numbers.close();
        ends.close();
      }
      const manifest: Manifest = { key, records: ends.count - 1, numbers: numbers.count };
      writeTextFile(joinPath(partial, MANIFEST), JSON.stringify(manifest));
      removePath(folder);
      movePath(partial, folder);
      return new RecordFile(folder, manifest);
    } finally {
      removePath(partial);
    }
  }

  at(place: number): Int32Array | undefined {
    if (place < 0 || place >= this.length) return undefined;
    const [start, end] = new Float64Array(this.#ends.read(8 * place, 16).slice().buffer);
    return new Int32Array(this.#numbers.read(4 * start!, 4 * (end! - start!)).slice().buffer);
  }
}

/** Appends numbers to a file, many at a time. */
class NumberWriter<Block extends Int32Array | Float64Array> {
  readonly #file: PartialFile;
  readonly #block: Block;
  #filled = 0;
  /** Numbers so far. */
  count = 0;

  constructor(file: string, type: new (length: number) => Block) {
    this.#file = openPartial(file);
    this.#block = new type(BLOCK);
  }

  add(numbers: ArrayLike<number>): void {
    for (let i = 0; i < numbers.length; i++) {
      this.#block[this.#filled++] = numbers[i]!;
      if (this.#filled === BLOCK) this.#flush();
    }
    this.count += numbers.length;
  }

  close(): void {
    try {
      this.#flush();
      this.#file.sync();
    } finally {
      this.#file.close();
    }
  }

  #flush(): void {
    const { buffer, byteOffset, BYTES_PER_ELEMENT } = this.#block;
    const bytes = this.#filled * BYTES_PER_ELEMENT;
    this.#filled = 0;
    this.#file.append(new Uint8Array(buffer, byteOffset, bytes));
  }
}
